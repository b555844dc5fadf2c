import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { afterAll, afterEach, beforeEach, expect, expectTypeOf, test } from 'vitest';

import { readConfig } from '../../../api/config.ts';
import type { BackupItems } from '../../../api/schemas/contents.ts';
import type { BackupItem, BackupItemList } from '../../../domain/backup-contents.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { contentsApi, openFolder } from '../../support/contents-api.ts';
import { storeBackup, typeOf } from '../../support/stored-backup.ts';

// Goal: contents come over HTTP as they are stored, and no value of a Secret does unless it is asked for and allowed.
// Method: an API whose Temporal is not there, because a backup that has ended needs none.

const SECRET = typeOf('Secret', 'secrets');
const CLUSTER_ROLE = typeOf('ClusterRole', 'clusterroles.rbac.authorization.k8s.io', false);
const BIG = typeOf('Big', 'bigs.example.com', false);
const BIG_JSON =
  '{"apiVersion":"example.com/v1","kind":"Big","metadata":{"name":"n"},"spec":90071992547409931}';
const ITEMS: ArchiveItem[] = [
  { type: CLUSTER_ROLE, object: { metadata: { name: 'system:node' } } },
  {
    type: SECRET,
    object: { metadata: { name: 's', namespace: 'shop' }, data: { password: 'c2VjcmV0' } },
  },
];
const ONE = '/api/v1/backups/b';
const keys = backupKeys('b');
const opened: FastifyInstance[] = [];
/** Which may show Secrets, and which may not: an API is slow to build. */
const shared = new Map<boolean, Promise<FastifyInstance>>();
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  ({ path: folder, store } = await openFolder());
  await storeBackup(store, 'b', ITEMS);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((app) => app.close()));
});

afterAll(async () => {
  const apps = await Promise.all(shared.values());
  await Promise.all(apps.map((app) => app.close()));
});

function sharedApp(isRevealAllowed = false): Promise<FastifyInstance> {
  const app = shared.get(isRevealAllowed) ?? contentsApi(() => store, { isRevealAllowed });
  shared.set(isRevealAllowed, app);
  return app;
}

async function openApp(isRevealAllowed = false): Promise<FastifyInstance> {
  const app = await contentsApi(store, { isRevealAllowed });
  opened.push(app);
  return app;
}

async function get(path: string, isRevealAllowed = false) {
  const app = await sharedApp(isRevealAllowed);
  return app.inject({ method: 'GET', url: `${ONE}${path}` });
}

/** What tar reads from an archive. */
async function bodiesOf(archive: Buffer): Promise<string> {
  const file = join(folder, 'read.tar.gz');
  await writeFile(file, archive);
  return execFileSync('tar', ['xzOf', file]).toString();
}

test('the schema of a list is the list', () => {
  expectTypeOf<Static<typeof BackupItems>>().toExtend<BackupItemList>();
  expectTypeOf<keyof Static<typeof BackupItems>['items'][number]>().toEqualTypeOf<
    keyof BackupItem
  >();
});

test('items are listed page by page', async () => {
  const first = await get('/items?limit=1');
  expect(first.statusCode).toBe(200);
  const { items, metadata } = first.json<BackupItemList>();
  expect(items).toMatchObject([{ kind: 'ClusterRole', name: 'system:node', namespace: '' }]);
  expect(metadata.remainingItemCount).toBe(1);
  const second = await get(`/items?limit=500000&continue=${metadata.continue ?? ''}`);
  expect(second.json()).toMatchObject({
    kind: 'BackupItemList',
    metadata: {},
    items: [{ kind: 'Secret', name: 's', namespace: 'shop' }],
  });
});

test.each([
  { path: '/items?limit=0', status: 400, code: 'invalid-request' },
  { path: '/items?labels=a', status: 400, code: 'unknown-field' },
  { path: '/items?name=a,b', status: 400, code: 'invalid-request' },
  { path: '/items/secrets/s?secrets=show', status: 400, code: 'invalid-request' },
  { path: '/items/secrets/none?namespace=shop', status: 404, code: 'not-found' },
  { path: '/coverage', status: 404, code: 'object-missing' },
])('$path is a problem with the code $code', async ({ path, status, code }) => {
  const answer = await get(path);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json()).toMatchObject({ status, code });
});

test('a backup that only Temporal knows of is looked for there', async () => {
  const app = await sharedApp();
  const answer = await app.inject('/api/v1/backups/unknown/items');
  expect(answer.json()).toMatchObject({ status: 503, code: 'temporal-unreachable' });
});

test('one item is the object, to the digit, under a name that needs escapes', async () => {
  const role = await get(`/items/clusterroles/${encodeURIComponent('system:node')}`);
  expect(role.json()).toMatchObject({ kind: 'ClusterRole', metadata: { name: 'system:node' } });
  expect(role.headers['cache-control']).toBe('no-store');
  expect((await get('/items/clusterroles/system:node')).body).toBe(role.body);

  const object = { apiVersion: 'example.com/v1', kind: 'Big', metadata: { name: 'n' } };
  await storeBackup(store, 'b', [{ type: BIG, object, json: BIG_JSON }]);
  const big = await get('/items/bigs/n');
  expect(big.headers['content-type']).toContain('application/json');
  expect(big.body).toBe(BIG_JSON);
});

test('values of Secrets are shown to who asks, where the API is set up to', async () => {
  const path = '/items/secrets/s?namespace=shop';
  expect((await get(path)).json()).toMatchObject({ data: { password: '***' } });
  expect((await get(path, true)).json()).toMatchObject({ data: { password: '***' } });
  const reveal = await get(`${path}&secrets=reveal`, true);
  expect(reveal.json()).toMatchObject({ data: { password: 'c2VjcmV0' } });
});

test.each(['/items/secrets/s?namespace=shop&secrets=reveal', '/download?secrets=reveal'])(
  'an API that is not set up to show values of Secrets refuses %s',
  async (path) => {
    expect((await get(path)).json()).toMatchObject({ status: 403, code: 'secrets-forbidden' });
  },
);

test('only the word true makes an API show values of Secrets', () => {
  const isAllowed = (value?: string) =>
    readConfig({
      HOLDFAST_LOCATIONS: '[{"name":"default","provider":"folder","path":"/backups"}]',
      HOLDFAST_REVEAL_SECRETS: value,
    }).isRevealAllowed;
  expect([undefined, '', 'false', '1', 'true'].map(isAllowed)).toEqual([
    ...[false, false, false, false],
    true,
  ]);
});

test('a download is the tarball with masked Secrets', async () => {
  const answer = await get('/download');
  expect(answer.headers).toMatchObject({
    'content-type': 'application/gzip',
    'content-disposition': 'attachment; filename="b-data.tar.gz"',
    'cache-control': 'no-store',
  });
  const text = await bodiesOf(answer.rawPayload);
  expect(text).toContain('"data":{"password":"***"}');
  expect(text).toContain('system:node');
});

test('a revealed download is the stored bytes, with their number', async () => {
  const answer = await get('/download?secrets=reveal', true);
  const stored = await readFile(join(folder, keys.archive));
  expect(answer.rawPayload.equals(stored)).toBe(true);
  expect(answer.headers['content-length']).toBe(String(stored.length));
});

test('a download that meets damage breaks off, and does not look whole', async () => {
  const filler = 'x'.repeat(2_000_000);
  await storeBackup(store, 'b', [
    { type: BIG, object: { metadata: { name: 'n' }, spec: filler } },
    ...ITEMS,
  ]);
  const bytes = await readFile(join(folder, keys.archive));
  bytes[bytes.length - 60] = (bytes[bytes.length - 60] ?? 0) ^ 1;
  await writeFile(join(folder, keys.archive), bytes);
  const app = await openApp();
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${address}${ONE}/download`);
  expect(answer.status).toBe(200);
  await expect(answer.arrayBuffer()).rejects.toThrow();
});

test('a client that has gone ends the reading of the tarball', async () => {
  let handedOut = 0;
  let isClosed = false;
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        handedOut += 1;
        yield await Promise.resolve(Buffer.alloc(64 * 1024));
      }
    } finally {
      isClosed = true;
    }
  }
  const stored = store;
  const head = { sizeBytes: 2 ** 40, version: 'v' };
  const endlessReads = {
    get: (key: string) =>
      key === keys.archive ? Promise.resolve({ key, ...head, body: endless() }) : stored.get(key),
  };
  // Nothing else than reads is asked of it, so the other methods of a store are not there.
  store = endlessReads as unknown as ObjectStore;
  const app = await openApp(true);
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const controller = new AbortController();
  const answer = await fetch(`${address}${ONE}/download?secrets=reveal`, controller);
  expect(answer.status).toBe(200);
  await answer.body?.getReader().read();
  // Nobody reads on: no more is taken from the store than the buffers on the way hold.
  const taken = async (): Promise<number> => {
    const before = handedOut;
    await sleep(100);
    return handedOut - before;
  };
  await expect.poll(taken, { timeout: 10_000 }).toBe(0);
  expect({ isClosed, isTaken: handedOut > 0 }).toEqual({ isClosed: false, isTaken: true });
  controller.abort();
  await expect.poll(() => isClosed, { timeout: 10_000 }).toBe(true);
});
