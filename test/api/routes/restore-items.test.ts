import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest';

import type { RestoreItems } from '../../../api/schemas/restore-items.ts';
import type { RestoreItemList } from '../../../domain/backup-contents.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import type { RestoreOutcome } from '../../../domain/restore/restore-outcome.ts';
import { bytesOf } from '../../../storage/claim.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { contentsApi, openFolder } from '../../support/contents-api.ts';
import { claimOfRestore, storeRestore } from '../../support/stored-restore.ts';

// Goal: each item of a restore comes over HTTP with what became of it, however many there are. Method: an API whose
// Temporal is not there, because a restore that has ended needs none.

const MANY = 2600;
const FAILED: RestoreOutcome = {
  ...{ group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' },
  ...{ namespace: 'shop', name: 'web', verb: 'failed', reason: 'cluster-rejected: no' },
};
let store: ObjectStore;
let app: FastifyInstance;

beforeAll(async () => {
  ({ store } = await openFolder());
  app = await contentsApi(store);
  await storeRestore(store, 'r', [
    [FAILED, lonely()],
    ...[configMaps(0, 1000), configMaps(1000, 2100), configMaps(2100, MANY)],
  ]);
  await store.put(restoreKeys('old').claim, bytesOf(claimOfRestore('old')));
});

afterAll(async () => {
  await app.close();
});

/** What an item may lack. */
const FLAGS = { lacksOwners: true, awaitsOwners: true, isAdded: true, isIncomplete: true } as const;

function lonely(): RestoreOutcome {
  return { ...FAILED, name: 'api', verb: 'created', reason: 'no owner', ...FLAGS };
}

function configMaps(from: number, end: number): RestoreOutcome[] {
  return Array.from({ length: end - from }, (_, index) => ({
    ...{ group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap', namespace: 'many' },
    ...{ name: `c-${String(from + index)}`, verb: 'created' },
  }));
}

async function get(path: string) {
  return app.inject({ method: 'GET', url: `/api/v1/restores/${path}` });
}

/** Every page of a list. */
async function all(query: string): Promise<{ items: RestoreOutcome[]; pages: number }> {
  const items: RestoreOutcome[] = [];
  let token: string | undefined = '';
  let pages = 0;
  while (token !== undefined) {
    const answer = await get(`r/items?${query}${token === '' ? '' : `&continue=${token}`}`);
    expect(answer.statusCode).toBe(200);
    const page: RestoreItemList = answer.json();
    items.push(...page.items);
    token = page.metadata.continue;
    pages += 1;
  }
  return { items, pages };
}

test('the schema of a list is the list', () => {
  expectTypeOf<Static<typeof RestoreItems>>().toExtend<RestoreItemList>();
  expectTypeOf<keyof Static<typeof RestoreItems>['items'][number]>().toEqualTypeOf<
    keyof RestoreOutcome
  >();
});

test('every item is listed once, in its order, whatever the size of a page', async () => {
  const expected = [FAILED, lonely(), ...configMaps(0, MANY)];
  expect(await all('limit=500')).toEqual({ items: expected, pages: 6 });
  expect(await all('limit=499&namespace=many')).toEqual({ items: expected.slice(2), pages: 6 });
});

test.each([
  { query: 'verb=failed', names: ['web'] },
  { query: 'verb=failed,created&namespace=sh*', names: ['web', 'api'] },
  { query: 'type=deployments.apps&name=a*', names: ['api'] },
  { query: 'type=ConfigMap&name=c-1299', names: ['c-1299'] },
  { query: 'verb=recreated', names: [] },
])('$query gives $names', async ({ query, names }) => {
  const { items } = await all(query);
  expect(items.map(({ name }) => name)).toEqual(names);
});

test.each([
  { path: 'r/items?verb=broken', status: 400, code: 'invalid-request' },
  { path: 'r/items?labelSelector=a', status: 400, code: 'unknown-field' },
  { path: 'r/items?namespace=[', status: 400, code: 'invalid-request' },
  { path: 'r/items?continue=bm9uZQ', status: 400, code: 'invalid-request' },
  { path: 'r/items?limit=0', status: 400, code: 'invalid-request' },
  { path: 'old/items', status: 404, code: 'object-missing' },
  { path: 'unknown/items', status: 503, code: 'temporal-unreachable' },
])('$path is a problem with the code $code', async ({ path, status, code }) => {
  expect((await get(path)).json()).toMatchObject({ status, code });
});

test('a token of one list does not lead into another', async () => {
  const first: RestoreItemList = (await get('r/items?limit=1')).json();
  const path = `r/items?limit=1&verb=created&continue=${first.metadata.continue ?? ''}`;
  expect((await get(path)).json()).toMatchObject({ status: 400, code: 'invalid-request' });
});

test('a file that is damaged is a problem and no list', async () => {
  await storeRestore(store, 'damaged', [[FAILED]]);
  await store.put(restoreKeys('damaged').items, Buffer.alloc(1000));
  expect((await get('damaged/items')).json()).toMatchObject({
    status: 500,
    code: 'archive-mismatch',
  });
});
