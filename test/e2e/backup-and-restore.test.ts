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
  await Promise.all([namespace, copy, large].map(deleteNamespace));
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

test('a backup of the whole cluster holds its classes and its roles', async () => {
  await s3.request('POST', '/backups', {
    metadata: { name: 'all' },
    spec: {
      cluster: s3.name,
      // Data of claims that somebody else has in the cluster is not what this is about.
      ...{ snapshotVolumes: false, defaultVolumesToFsBackup: false },
    },
  });
  expect((await s3.ended('backups', 'all')).status.phase).toBe('Completed');
  const store = s3.store();
  const types = new Map<string, number>();
  for await (const lines of readIndex(store, backupKeys('all').index)) {
    for (const { resource } of lines) {
      types.set(resource, (types.get(resource) ?? 0) + 1);
    }
  }
  store.close();
  const roles = JSON.parse(await kubectl('get', 'clusterroles', '-o', 'json')) as {
    items: unknown[];
  };
  expect(types.get('clusterroles')).toBe(roles.items.length);
  expect(types.get('storageclasses')).toBeGreaterThan(0);
  expect(types.get('priorityclasses')).toBeGreaterThan(0);
});

test('an API group that does not answer is named, and everything else is in the backup', async () => {
  const service = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.away.holdfast.test' },
    spec: {
      ...{ group: 'away.holdfast.test', version: 'v1', insecureSkipTLSVerify: true },
      ...{ groupPriorityMinimum: 100, versionPriority: 100 },
      service: { namespace: 'default', name: 'nobody' },
    },
  };
  await apply(service);
  try {
    // The API server lists the group a moment after it was registered.
    await expect
      .poll(() => kubectl('get', '--raw', '/apis'), { timeout: 60_000 })
      .toContain('away.holdfast.test');
    await expect
      .poll(
        async () => {
          const name = `gap-${String(Date.now())}`;
          await s3.createBackup(name, [namespace]);
          const { kind, status } = await s3.ended('backups', name);
          const problems = kind === 'Backup' ? status.problems?.errors : undefined;
          return { phase: status.phase, subjects: problems?.map(({ subject }) => subject) };
        },
        { timeout: 60_000, interval: 1000 },
      )
      .toEqual({ phase: 'PartiallyFailed', subjects: ['away.holdfast.test/v1'] });
  } finally {
    await kubectl('delete', 'apiservice', 'v1.away.holdfast.test');
  }
});

test('a type whose conversion webhook is away is named, and everything else is in the backup', async () => {
  const group = `convert-${String(process.pid)}.holdfast.test`;
  const names = { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' };
  const schema = {
    openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  };
  const service = { namespace: 'default', name: 'nobody', path: '/convert' };
  const version = (name: string, storage: boolean) => ({ name, served: true, storage, schema });
  const definition = (versions: object[], conversion: object) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `gadgets.${group}` },
    spec: { group, names, scope: 'Namespaced', versions, conversion },
  });
  await apply(definition([version('v1', true)], { strategy: 'None' }));
  try {
    await kubectl('wait', '--for=condition=Established', `crd/gadgets.${group}`, '--timeout=30s');
    const metadata = { name: 'one', namespace };
    await apply({ apiVersion: `${group}/v1`, kind: 'Gadget', metadata });
    const webhook = { clientConfig: { service }, conversionReviewVersions: ['v1'] };
    const versions = [version('v1', true), version('v2', false)];
    await apply(definition(versions, { strategy: 'Webhook', webhook }));
    await expect
      .poll(() => kubectl('get', '--raw', `/apis/${group}`), { timeout: 30_000 })
      .toContain('v2');
    await s3.createBackup('unconverted', [namespace]);
    const { kind, status } = await s3.ended('backups', 'unconverted');
    expect(status.phase).toBe('PartiallyFailed');
    expect(kind === 'Backup' && status.problems?.errors).toContainEqual(
      expect.objectContaining({ code: 'cluster-failed', subject: `gadgets.${group}` }),
    );
    expect(status.progress.itemsDone).toBeGreaterThan(20);
  } finally {
    // Without the webhook again, or nobody could delete what is stored.
    await apply(definition([version('v1', true)], { strategy: 'None' }));
    await kubectl('delete', 'crd', `gadgets.${group}`);
  }
});

async function apply(object: object): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-apply-'));
  await writeFile(join(folder, 'object.json'), JSON.stringify(object));
  await kubectl('apply', '-f', join(folder, 'object.json'));
  await rm(folder, { recursive: true });
}
