import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem, RunResource } from '../../domain/api-resource.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { keysUnder } from '../support/archive-items.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';

// Goal: what a read-only location holds can be restored, and nothing else is done to it. Method: one bucket as two locations,
// of which one is read-only; a backup and a schedule are made by way of the other.

let installation: Installation;
let store: ObjectStore;
let namespace: string;

beforeAll(async () => {
  [installation, namespace] = await Promise.all([
    Installation.start({ hasReadOnlyView: true }),
    freshNamespace('archived'),
  ]);
  store = installation.store();
  await installation.createBackup('kept', [namespace]);
  expect((await installation.ended('backups', 'kept')).status.phase).toBe('Completed');
});

afterAll(async () => {
  store.close();
  await installation.stop();
  await dropNamespaces(namespace, `${namespace}-copy`);
});

function backupSpec() {
  return { cluster: installation.name, includedNamespaces: [namespace] };
}

/** What is asked for, and the request for it. */
const REFUSED: Readonly<Record<string, () => { request: string; body?: object }>> = {
  'a new backup': () => ({
    request: 'POST /backups?location=archive',
    body: { metadata: { name: 'new' }, spec: backupSpec() },
  }),
  'the deletion of a backup': () => ({ request: 'DELETE /backups/kept?location=archive' }),
  'a hold': () => ({
    request: 'POST /backups/kept:hold?location=archive',
    body: { reason: 'audit' },
  }),
  'a longer TTL': () => ({
    request: 'POST /backups/kept:extend?location=archive',
    body: { ttl: '90000h' },
  }),
  'the removal of what dead runs have left': () => ({
    request: 'POST /reconciliations?location=archive',
    body: { spec: { cluster: installation.name, removal: 'All' } },
  }),
  'a schedule': () => ({
    request: 'POST /schedules',
    body: {
      metadata: { name: 'nightly' },
      spec: { schedule: '@daily', location: 'archive', template: backupSpec() },
    },
  }),
};

test.each(Object.entries(REFUSED))('%s is refused', async (_what, refused) => {
  const { request, body } = refused();
  const [method = '', path = ''] = request.split(' ');
  const before = await keysUnder(store, '');
  const answer = await installation.request<Problem>(method, path, body);
  expect(answer).toMatchObject({ status: 422, body: { code: 'location-read-only' } });
  expect(await keysUnder(store, '')).toEqual(before);
});

test('a restore comes to its end, and tells of itself there', async () => {
  const spec = {
    ...{ cluster: installation.name, backupName: 'kept' },
    namespaceMapping: { [namespace]: `${namespace}-copy` },
  };
  const url = '/restores?location=archive';
  await installation.request('POST', url, { metadata: { name: 'back' }, spec });
  await expect
    .poll(async () => {
      const { body } = await installation.request<RunResource>(
        'GET',
        '/restores/back?location=archive',
      );
      return body.status.phase;
    })
    .toBe('Completed');
});
