import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';

import { ContentsService, type ItemListQuery } from '../../../api/contents/service.ts';
import { API_VERSION, type BackupResource } from '../../../domain/api-resource.ts';
import { Failure } from '../../../domain/failure.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import type { Phase } from '../../../domain/phase.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { countReads } from '../../support/counting-store.ts';
import { storeBackup, typeOf } from '../../support/stored-backup.ts';

// Goal: what the service tells of a backup is what the backup holds, and of what is no ended backup it tells why.
// Method: backups in a folder; what Temporal would say of others is said by a function.

const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const DEPLOYMENT = typeOf('Deployment', 'deployments.apps');
const CLUSTER_ROLE = typeOf('ClusterRole', 'clusterroles.rbac.authorization.k8s.io', false);
const KEY = { location: 'default', name: 'b' };
const { signal } = new AbortController();
const MASKED = { isRevealed: false, signal };
let store: ObjectStore;
let reads: string[];

beforeEach(async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-contents-'));
  const folder = createFolderStore({ name: 'default', provider: 'folder', path });
  ({ store, reads } = countReads(folder));
});

function service(phase?: Phase): ContentsService {
  const look = (): Promise<BackupResource> =>
    phase === undefined
      ? Promise.reject(new Failure('not-found', 'there is no such backup'))
      : Promise.resolve(running(phase));
  return new ContentsService({ store: () => store, look, isRevealAllowed: false });
}

function running(phase: Phase): BackupResource {
  return {
    apiVersion: API_VERSION,
    kind: 'Backup',
    metadata: { name: 'b', uid: 'u', location: 'default', creationTimestamp: '' },
    spec: { cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '1h' },
    status: { phase, progress: { itemsDone: 0, itemsTotal: 0 }, warnings: 0, errors: 0 },
  };
}

interface Named {
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
}

function item(type: ArchiveItem['type'], name: string, named: Named = {}): ArchiveItem {
  return { type, object: { metadata: { name, uid: `uid-${name}`, ...named } } };
}

const SHOP = { namespace: 'shop' };
const ITEMS = [
  item(CLUSTER_ROLE, 'system:node'),
  item(CONFIG_MAP, 'settings', { ...SHOP, labels: { app: 'shop', tier: 'a' } }),
  item(CONFIG_MAP, 'other', SHOP),
  item(CONFIG_MAP, 'settings', { namespace: 'blog', labels: { app: 'blog' } }),
  item(DEPLOYMENT, 'web', { ...SHOP, labels: { app: 'shop' } }),
];

async function namesOf(query: Partial<ItemListQuery>): Promise<string[]> {
  const { items } = await service().items(KEY, { limit: 100, ...query });
  return items.map(({ resource, namespace, name }) => `${resource}/${namespace}/${name}`);
}

test('an item is listed with what the index knows of it', async () => {
  await storeBackup(store, 'b', ITEMS);
  const { items } = await service().items(KEY, { limit: 1, type: 'configmaps' });
  expect(items).toEqual([
    {
      ...{ group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap' },
      ...{ namespace: 'shop', name: 'settings', uid: 'uid-settings' },
      labels: { app: 'shop', tier: 'a' },
      sizeBytes: expect.any(Number) as number,
    },
  ]);
});

const settings = ['configmaps/shop/settings', 'configmaps/blog/settings'];

test.each([
  { query: { type: 'Deployment' }, expected: ['deployments/shop/web'] },
  { query: { type: 'deployments.APPS' }, expected: ['deployments/shop/web'] },
  { query: { type: 'deployments.extensions' }, expected: [] },
  { query: { type: 'clusterrole,pods' }, expected: ['clusterroles//system:node'] },
  { query: { namespace: 'blog' }, expected: ['configmaps/blog/settings'] },
  { query: { namespace: 'bl*,none' }, expected: ['configmaps/blog/settings'] },
  { query: { name: 'settings' }, expected: settings },
  { query: { name: 'set*', namespace: 'shop,blog' }, expected: settings },
  { query: { name: 'system:*' }, expected: ['clusterroles//system:node'] },
  {
    query: { labelSelector: 'app=shop' },
    expected: ['configmaps/shop/settings', 'deployments/shop/web'],
  },
  { query: { labelSelector: 'app in (shop),!tier' }, expected: ['deployments/shop/web'] },
  {
    query: { labelSelector: 'app', type: 'configmaps', name: '*', namespace: 'b*' },
    expected: [settings[1]],
  },
])('$query lists what it names', async ({ query, expected }) => {
  await storeBackup(store, 'b', ITEMS);
  expect(await namesOf(query)).toEqual(expected);
});

test('every parameter that is wrong is named', async () => {
  await storeBackup(store, 'b', ITEMS);
  const wrong = { namespace: 'a,[', name: 'x|y', labelSelector: 'a=b=c', limit: 1 };
  await expect(service().items(KEY, wrong)).rejects.toMatchObject({
    code: 'invalid-request',
    errors: ['namespace', 'name', 'labelSelector'].map((parameter) => ({
      pointer: `querystring:/${parameter}`,
    })),
  });
});

test('pages visit every item once, whatever their size, and count what is behind them', async () => {
  await storeBackup(
    store,
    'b',
    Array.from({ length: 40 }, (_, index) =>
      item(index % 7 < 3 ? CONFIG_MAP : DEPLOYMENT, `i-${String(index)}`, {
        namespace: index % 5 < 2 ? 'shop' : 'blog',
        labels: { even: String(index % 2 === 0) },
      }),
    ),
  );
  const contents = service();
  const query = fc.record({
    type: fc.constantFrom(undefined, 'configmaps'),
    namespace: fc.constantFrom(undefined, 'shop', 'shop,blog'),
    labelSelector: fc.constantFrom(undefined, 'even=true'),
  });
  await fc.assert(
    fc.asyncProperty(
      query,
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
      async (filter, limits) => {
        const all = await contents.items(KEY, { ...filter, limit: 1000 });
        expect(all.metadata).toEqual({});
        const seen: string[] = [];
        let token: string | undefined;
        let page = 0;
        do {
          const limit = limits[page % limits.length] ?? 1;
          const { items, metadata } = await contents.items(KEY, {
            ...filter,
            limit,
            continue: token,
          });
          expect(items.length).toBeGreaterThan(0);
          expect(items.length).toBeLessThanOrEqual(limit);
          seen.push(...items.map(({ name }) => name));
          const rest = all.items.length - seen.length;
          expect(metadata.remainingItemCount).toBe(
            rest === 0 || filter.labelSelector !== undefined ? undefined : rest,
          );
          token = metadata.continue;
          page += 1;
        } while (token !== undefined);
        expect(seen).toEqual(all.items.map(({ name }) => name));
      },
    ),
    { numRuns: 60 },
  );
});

test('a token of another list, or of the backup as it was, is refused', async () => {
  await storeBackup(store, 'b', ITEMS);
  const contents = service();
  const { metadata } = await contents.items(KEY, { limit: 1 });
  const refused = { code: 'invalid-request', subject: 'continue' };
  const token = metadata.continue;
  for (const query of [
    { continue: token, type: 'configmaps' },
    { continue: Buffer.from('1.').toString('base64url') },
    { continue: 'nonsense' },
  ]) {
    await expect(contents.items(KEY, { limit: 1, ...query })).rejects.toMatchObject(refused);
  }
  await storeBackup(store, 'b', ITEMS.slice(1));
  await expect(contents.items(KEY, { limit: 1, continue: token })).rejects.toMatchObject(refused);
});

test('the tarball is not read for a list, and the index once', async () => {
  await storeBackup(store, 'b', ITEMS);
  const keys = backupKeys('b');
  const contents = service();
  reads.splice(0);
  for (const namespace of ['shop', 'blog', 'shop']) {
    await contents.items(KEY, { limit: 10, namespace });
  }
  expect(reads.filter((key) => key === keys.index)).toHaveLength(1);
  expect(reads).not.toContain(keys.archive);
});

test.each([
  { phase: 'InProgress', code: 'still-running' },
  { phase: 'Queued', code: 'still-running' },
  { phase: 'Deleting', code: 'being-deleted' },
  { phase: 'FailedValidation', code: 'backup-not-usable' },
  { phase: undefined, code: 'not-found' },
] as const)('of a backup that is $phase the answer is $code', async ({ phase, code }) => {
  const contents = service(phase);
  const wanted = { type: 'pods', name: 'p', namespace: '' };
  for (const asked of [
    () => contents.items(KEY, { limit: 1 }),
    () => contents.item(KEY, wanted, MASKED),
    () => contents.download(KEY, MASKED),
    () => contents.coverage(KEY),
  ]) {
    await expect(asked()).rejects.toMatchObject({ code });
  }
});

test('a backup without an index is told as such, with what can be done instead', async () => {
  await storeBackup(store, 'b', ITEMS);
  await store.remove([backupKeys('b').index]);
  const contents = service();
  for (const asked of [
    () => contents.items(KEY, { limit: 1 }),
    () => contents.download(KEY, MASKED),
  ]) {
    await expect(asked()).rejects.toMatchObject({
      code: 'backup-not-usable',
      message: expect.stringContaining('secrets=reveal') as string,
    });
  }
});

test('an item is read by any name of its type, with its namespace if it has one', async () => {
  await storeBackup(store, 'b', ITEMS);
  const contents = service();
  for (const type of ['clusterroles', 'ClusterRole', 'clusterroles.rbac.authorization.k8s.io']) {
    const json = await contents.item(KEY, { type, name: 'system:node', namespace: '' }, MASKED);
    expect(JSON.parse(json)).toMatchObject({
      kind: 'ClusterRole',
      apiVersion: 'rbac.authorization.k8s.io/v1',
    });
  }
  const wanted = { type: 'configmap', name: 'settings', namespace: 'blog' };
  expect(JSON.parse(await contents.item(KEY, wanted, MASKED))).toMatchObject({
    metadata: { labels: { app: 'blog' } },
  });
  await expect(contents.item(KEY, { ...wanted, namespace: '' }, MASKED)).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining('namespace') as string,
  });
});

test('an item in several versions is the preferred one, or the one that is named', async () => {
  const old = { ...DEPLOYMENT, version: 'v1beta1' };
  const web = item(DEPLOYMENT, 'web', SHOP);
  await storeBackup(store, 'b', [{ ...web, type: old, isOtherVersion: true }, web]);
  const wanted = { type: 'deployments', name: 'web', ...SHOP };
  const versionOf = async (version?: string): Promise<unknown> =>
    JSON.parse(await service().item(KEY, { ...wanted, version }, MASKED));
  expect(await versionOf()).toMatchObject({ apiVersion: 'apps/v1' });
  expect(await versionOf('v1beta1')).toMatchObject({ apiVersion: 'apps/v1beta1' });
  await expect(versionOf('v2')).rejects.toMatchObject({ code: 'not-found' });
});

test('the coverage is what was stored, and told to be missing or of another layout', async () => {
  await storeBackup(store, 'b', ITEMS);
  const { coverage } = backupKeys('b');
  await expect(service().coverage(KEY)).rejects.toMatchObject({
    code: 'object-missing',
    message: expect.stringContaining('Velero') as string,
  });
  await writeJsonGz(store, coverage, { version: 2 });
  await expect(service().coverage(KEY)).rejects.toMatchObject({ code: 'unsupported-format' });
  await writeJsonGz(store, coverage, { version: 1, items: { expected: 1, captured: 1 } });
  expect(await service().coverage(KEY)).toMatchObject({ items: { expected: 1 } });
});

test('volumes are told with where and how they were copied, or why not', async () => {
  await storeBackup(store, 'b', ITEMS);
  const keys = backupKeys('b');
  const claim = {
    namespace: 'shop',
    source: 'persistentVolumeClaim',
    action: 'fs-backup',
  } as const;
  const copied = { outcome: 'Complete', files: 2, bytes: 30, level: 'ReadBack' } as const;
  const rows = [
    { ...claim, claim: 'data', copy: copied },
    { ...claim, claim: 'late', reason: 'copy-failed' },
    { ...claim, claim: 'none', copy: { ...copied, outcome: 'Empty' } },
  ];
  await writeJsonGz(store, keys.coverage, { version: 1, volumes: { items: rows } });
  const times = {
    startTimestamp: '2026-01-01T00:00:00Z',
    completionTimestamp: '2026-01-01T00:00:09Z',
  };
  const engine = { kind: 'restic', version: '0.18.0' };
  const record = { namespace: 'shop', node: 'node-a', repository: 'r', ...times };
  await writeJsonGz(store, keys.volumes, [
    { ...record, claim: 'none', copy: { outcome: 'Empty' } },
    { ...record, claim: 'data', copy: { outcome: 'Complete', engine } },
  ]);
  expect((await service().volumes(KEY)).items).toEqual([
    { name: 'shop/data', ...rows[0], node: 'node-a', engine, ...times },
    { name: 'shop/late', ...rows[1] },
    { name: 'shop/none', ...rows[2], node: 'node-a', ...times },
  ]);
});
