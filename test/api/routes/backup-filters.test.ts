import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildApp } from '../../../api/app.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import type { BackupResource, Problem } from '../../../domain/api-resource.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import { LocationSet } from '../../../storage/location-set.ts';

// Goal: a request with filters that cannot be understood is refused with all of its faults by field, and the filters
// of a backup are shown. Method: requests into an API over a folder; Temporal is not there, for none gets that far.

/** A Temporal that knows no run. */
class NoRuns extends TemporalRuns {
  override describe(): ReturnType<TemporalRuns['describe']> {
    return Promise.resolve(undefined);
  }
}

let app: Awaited<ReturnType<typeof buildApp>>;
let store: ReturnType<typeof createFolderStore>;

beforeAll(async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-filters-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path });
  app = await buildApp({
    temporal: new NoRuns(openTemporal({ address: '127.0.0.1:1' }), 'default'),
    locations: new LocationSet({ fixed: [] }),
    store: () => store,
    logLevel: 'silent',
  });
});

afterAll(async () => {
  await app.close();
});

async function refused(spec: object): Promise<Problem> {
  const payload = { metadata: { name: 'b' }, spec };
  const answer = await app.inject({ method: 'POST', url: '/api/v1/backups', payload });
  expect(answer.statusCode).toBe(400);
  return answer.json<Problem>();
}

test.each([
  { spec: { includedResource: ['pods'] }, pointer: '/spec/includedResource' },
  { spec: { labelSelector: { app: 'shop' } }, pointer: '/spec/labelSelector/app' },
  {
    spec: { labelSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', value: 'b' }] } },
    pointer: '/spec/labelSelector/matchExpressions/0/value',
  },
  {
    spec: { resourcePolicy: { kind: 'configmap', name: 'p', namespace: 'n' } },
    pointer: '/spec/resourcePolicy/namespace',
  },
  { spec: { hooks: { freeze: [] } }, pointer: '/spec/hooks/freeze' },
])('the unknown field $pointer is named', async ({ spec, pointer }) => {
  const { errors } = await refused(spec);
  expect(errors).toMatchObject([{ pointer, code: 'unknown-field' }]);
});

test.each([
  { spec: { includedResources: 'pods' }, pointer: '/spec/includedResources' },
  { spec: { includedResources: [''] }, pointer: '/spec/includedResources/0' },
  { spec: { includeClusterResources: 'true' }, pointer: '/spec/includeClusterResources' },
  { spec: { orderedResources: { pods: ['a'] } }, pointer: '/spec/orderedResources/pods' },
  { spec: { apiVersions: 'Some' }, pointer: '/spec/apiVersions' },
  { spec: { volumeVerification: 'None' }, pointer: '/spec/volumeVerification' },
  { spec: { resourcePolicy: { kind: 'secret', name: 'p' } }, pointer: '/spec/resourcePolicy/kind' },
  {
    spec: { labelSelector: { matchExpressions: [{ key: 'a', operator: 'Equals' }] } },
    pointer: '/spec/labelSelector/matchExpressions/0/operator',
  },
  {
    spec: { excludedResources: Array.from({ length: 1001 }, (_, index) => `t${String(index)}`) },
    pointer: '/spec/excludedResources',
  },
])('a value of $pointer that has no such shape is refused', async ({ spec, pointer }) => {
  const { errors } = await refused(spec);
  expect(errors?.map((error) => error.pointer)).toEqual([pointer]);
});

test('one problem tells all faults of the filters', async () => {
  const { code, errors } = await refused({
    includedNamespaces: ['team-**'],
    excludedNamespaces: ['*'],
    labelSelector: { matchLabels: { a: 'b' } },
    orLabelSelectors: [{ matchLabels: { c: 'd' } }],
  });
  expect(code).toBe('invalid-name');
  expect(errors?.map((error) => error.pointer)).toEqual([
    '/spec/includedNamespaces/0',
    '/spec/excludedNamespaces',
    '/spec/orLabelSelectors',
  ]);
});

test('a pattern of namespaces that means nothing is refused in a restore too', async () => {
  const payload = {
    metadata: { name: 'r' },
    spec: { backupName: 'b', includedNamespaces: ['team-**'] },
  };
  const answer = await app.inject({ method: 'POST', url: '/api/v1/restores', payload });
  expect(answer.json()).toMatchObject({
    status: 400,
    errors: [{ pointer: '/spec/includedNamespaces/0', code: 'invalid-name' }],
  });
});

test('a backup that Velero made is shown with all of its filters', async () => {
  const filters = {
    includedNamespaces: ['team-*'],
    excludedNamespaces: ['team-x'],
    includedResources: ['deployments.apps'],
    includeClusterResources: false,
    orLabelSelectors: [
      { matchLabels: { app: 'shop' } },
      { matchExpressions: [{ key: 'tier', operator: 'In', values: ['db', 'web'] }] },
    ],
    orderedResources: { pods: 'shop/a,shop/b' },
    resourcePolicy: { kind: 'configmap', name: 'policies' },
    snapshotVolumes: false,
    defaultVolumesToFsBackup: true,
    ttl: '24h0m0s',
  };
  const record = {
    kind: 'Backup',
    apiVersion: 'velero.io/v1',
    metadata: { name: 'theirs', namespace: 'velero' },
    spec: { ...filters, storageLocation: 'default', hooks: {}, metadata: {} },
    status: { version: 1, formatVersion: '1.1.0', phase: 'Completed' },
  };
  await store.put(backupKeys('theirs').record, Buffer.from(JSON.stringify(record)));
  const answer = await app.inject('/api/v1/backups/theirs');
  expect(answer.json<BackupResource>().spec).toEqual({ cluster: 'local', ...filters });
});
