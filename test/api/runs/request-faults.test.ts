import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem } from '../../../domain/api-resource.ts';
import { apiWithoutTemporal } from '../../support/api-without-temporal.ts';

// Goal: one answer tells all that is wrong with a request, whether its shape or its content is at fault. Method:
// requests with faults of both kinds, into an API whose Temporal is not there, because none may get that far.

let app: Awaited<ReturnType<typeof apiWithoutTemporal>>;

beforeAll(async () => {
  app = await apiWithoutTemporal();
});

afterAll(async () => {
  await app.close();
});

/** The faults of a request, as `code pointer`. */
async function faultsOf(path: string, payload: object): Promise<string[]> {
  const answer = await app.inject({ method: 'POST', url: `/api/v1${path}`, payload });
  expect(answer.statusCode).toBe(400);
  const { code, detail, errors = [] } = answer.json<Problem>();
  expect(errors[0]).toMatchObject({ code, detail });
  return errors.map((error) => `${error.code} ${error.pointer}`);
}

test('faults of shape and of content are told in one answer', async () => {
  const spec = {
    includedResources: 'pods',
    includedNamespaces: ['team-**'],
    excludedNamespaces: ['*'],
    labelSelector: { matchLabels: { 'a b': 'c' } },
    orderBy: 'name',
    ttl: '1s',
  };
  expect(await faultsOf('/backups', { metadata: { name: 'Not_A_Name' }, spec })).toEqual([
    'invalid-name /metadata/name',
    'unknown-field /spec/orderBy',
    'invalid-request /spec/includedResources',
    'invalid-name /spec/includedNamespaces/0',
    'invalid-request /spec/excludedNamespaces',
    'invalid-request /spec/labelSelector/matchLabels/a b',
    'invalid-request /spec/ttl',
  ]);
});

test('a field of a wrong shape is told once, and its content is not looked at', async () => {
  const spec = { includedNamespaces: [7, 'team-**'], ttl: 3 };
  expect(await faultsOf('/backups', { metadata: { name: 'b' }, spec })).toEqual([
    'invalid-request /spec/includedNamespaces/0',
    'invalid-request /spec/ttl',
  ]);
});

test('parameters are told beside the body, whichever is at fault first', async () => {
  const spec = { ttl: '1s' };
  const path = '/backups?dryRun=Some&location=My_Place';
  const parameters = ['invalid-name querystring:/location', 'invalid-request querystring:/dryRun'];
  expect(await faultsOf(path, { metadata: { name: 'b' }, spec })).toEqual([
    ...parameters,
    'invalid-request /spec/ttl',
  ]);
  expect(await faultsOf(path, { metadata: {}, spec })).toEqual([
    ...parameters,
    'invalid-request /metadata/name',
    'invalid-request /spec/ttl',
  ]);
});

test('a restore is told all of its faults as well', async () => {
  const spec = {
    includedNamespaces: ['*', 'shop'],
    namespaceMapping: { a: 'c', b: 'c' },
    excludeNamespaces: [],
  };
  expect(await faultsOf('/restores', { metadata: { name: 'r' }, spec })).toEqual([
    'unknown-field /spec/excludeNamespaces',
    'invalid-request /spec/backupName',
    'invalid-request /spec/includedNamespaces',
    'invalid-request /spec/namespaceMapping',
  ]);
});

test.each([
  ['a list', [], ['invalid-request ']],
  ['without a spec', { metadata: { name: 'r' } }, ['invalid-request /spec']],
  ['with a text for a spec', { metadata: { name: 'r' }, spec: 'b' }, ['invalid-request /spec']],
  [
    'with an unknown field that needs escapes',
    { metadata: { name: 'r' }, spec: { backupName: 'b', 'a/b~c': 1 } },
    ['unknown-field /spec/a~1b~0c'],
  ],
])('a body that is %s is told what is wrong, and nothing that is not', async (_, body, faults) => {
  expect(await faultsOf('/restores', body)).toEqual(faults);
});
