import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { backupKeys } from '../../domain/object-key.ts';
import { readIndex } from '../../storage/format/index-file.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { CONFIG_MAP, fillNamespace, SECRET } from '../support/cluster-fixture.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { namespaceSnapshot } from '../support/namespace-snapshot.ts';
import { isWorkKey } from '../support/work-keys.ts';

// Goal: what a user does first works on the real parts. Method: one installation per kind of location; the cluster
// and the bucket are looked at afterwards, past the API.

const run = promisify(execFile);
let s3: Installation;
const namespace = `shop-${String(process.pid)}`;
const copy = `${namespace}-copy`;
const large = `${namespace}-large`;

beforeAll(async () => {
  s3 = await Installation.start();
  await fillNamespace(namespace, { type: CONFIG_MAP, count: 20, bytes: 500 });
  await fillNamespace(namespace, { type: SECRET, count: 5, bytes: 100 });
  await fillNamespace(large, { type: CONFIG_MAP, count: 3000, bytes: 400 });
});

afterAll(async () => {
  await s3.stop();
  await dropNamespaces(namespace, copy, large);
});

test('a namespace that is backed up, deleted and restored is what it was', async () => {
  const before = await namespaceSnapshot(namespace);
  const created = await s3.createBackup('first', [namespace]);
  expect(created.status).toBe(202);
  const backup = await s3.ended('backups', 'first');
  expect(backup.status).toMatchObject({ phase: 'Completed', errors: 0 });

  await deleteNamespace(namespace);
  expect((await s3.createRestore('first', { backupName: 'first' })).status).toBe(202);
  const restore = await s3.ended('restores', 'first');
  expect(restore.status).toMatchObject({ phase: 'Completed', errors: 0 });
  expect(await namespaceSnapshot(namespace)).toEqual(before);
});

test('a restore that is run again changes nothing and says so', async () => {
  await s3.createRestore('again', { backupName: 'first' });
  const restore = await s3.ended('restores', 'again');
  expect(restore.status).toMatchObject({ phase: 'Completed', counts: { created: 0, failed: 0 } });
});

test('a namespace can be restored under another name, and the first one is left alone', async () => {
  const before = await namespaceSnapshot(namespace);
  await s3.createRestore('mapped', {
    backupName: 'first',
    namespaceMapping: { [namespace]: copy },
  });
  expect((await s3.ended('restores', 'mapped')).status.phase).toBe('Completed');
  const restored = await namespaceSnapshot(copy);
  expect(Object.keys(restored).sort()).toEqual(Object.keys(before).sort());
  expect(await namespaceSnapshot(namespace)).toEqual(before);
});

test('an object that was changed since is left alone and reported as skipped', async () => {
  await kubectl(
    '-n',
    namespace,
    'patch',
    'configmap',
    'item-00003',
    '-p',
    '{"data":{"value":"mine"}}',
  );
  await s3.createRestore('kept', { backupName: 'first' });
  expect((await s3.ended('restores', 'kept')).status).toMatchObject({ counts: { skipped: 1 } });
  const value = await kubectl(
    '-n',
    namespace,
    'get',
    'configmap',
    'item-00003',
    '-o',
    'jsonpath={.data.value}',
  );
  expect(value).toBe('mine');
});

test('a backup with shards: tar lists it, its index agrees, and no work is left behind', async () => {
  await s3.createBackup('large', [large]);
  const backup = await s3.ended('backups', 'large');
  expect(backup.status.phase).toBe('Completed');
  const store = s3.store();
  const keys = backupKeys('large');
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-tar-'));
  await writeFile(join(folder, 'archive.tar.gz'), await readAll(store, keys.archive));
  await run('gzip', ['-t', join(folder, 'archive.tar.gz')]);
  const { stdout } = await run('tar', ['tzf', join(folder, 'archive.tar.gz')], {
    maxBuffer: 2 ** 26,
  });
  await rm(folder, { recursive: true });
  const entries = stdout.trim().split('\n');
  expect(entries[0]).toBe('metadata/version');

  const indexed: string[] = [];
  for await (const lines of readIndex(store, keys.index)) {
    indexed.push(...lines.map((line) => `${line.resource}/${line.namespace}/${line.name}`));
  }
  expect(indexed.length).toBe(backup.status.progress.itemsDone);
  expect(entries.length).toBe(1 + 2 * indexed.length);
  expect(indexed.filter((item) => item.startsWith(`configmaps/${large}/item-`))).toHaveLength(3000);

  const files: string[] = [];
  for await (const page of store.list(keys.folder)) {
    files.push(...page.map(({ key }) => key));
  }
  expect(files.filter(isWorkKey)).toEqual([]);
  store.close();
});

test('a folder is as good a location as a bucket', async () => {
  const folder = await Installation.start({ isFolder: true });
  try {
    const before = await namespaceSnapshot(namespace);
    await folder.createBackup('b', [namespace]);
    expect((await folder.ended('backups', 'b')).status.phase).toBe('Completed');
    await deleteNamespace(namespace);
    await folder.createRestore('r', { backupName: 'b' });
    expect((await folder.ended('restores', 'r')).status.phase).toBe('Completed');
    expect(await namespaceSnapshot(namespace)).toEqual(before);
    const deleted = await folder.request('DELETE', '/backups/b');
    expect(deleted.status).toBe(202);
    await expect.poll(async () => (await folder.request('GET', '/backups/b')).status).toBe(404);
  } finally {
    await folder.stop();
  }
});
