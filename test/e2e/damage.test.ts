import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Problem, RunResource } from '../../domain/api-resource.ts';
import type { VeleroBackup } from '../../domain/velero-record.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { keysUnder } from '../support/archive-items.ts';
import { CONFIG_MAP, fillNamespace } from '../support/cluster-fixture.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { type Fault, FaultProxy } from '../support/fault-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { Installation } from '../support/installation.ts';
import { isWorkKey } from '../support/work-keys.ts';

// Goal: no damage in the bucket ends in Completed, and the reason names the object. Method: a proxy between
// Holdfast and the real S3 server does the damage; patience is short, so that failing goes fast.

const namespace = `damage-${String(process.pid)}`;
let proxy: FaultProxy;
let installation: Installation;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({ s3Endpoint: proxy.url, patience: '2s' });
  await fillNamespace(namespace, { type: CONFIG_MAP, count: 1200, bytes: 300 });
});

beforeEach(() => {
  proxy.faults = [];
  proxy.hits = 0;
});

afterAll(async () => {
  await installation.stop();
  proxy.stop();
  await dropNamespaces(namespace);
});

async function backUpWith(
  name: string,
  fault: Omit<Fault, 'matches'> & { part: string },
): Promise<RunResource> {
  proxy.faults = [
    { ...fault, matches: (path) => path.includes(`/${name}/`) && path.includes(fault.part) },
  ];
  await installation.createBackup(name, [namespace]);
  const run = await installation.ended('backups', name);
  expect(proxy.hits).toBeGreaterThan(0);
  return run;
}

test.each([
  { name: 'flipped', effect: 'flip', part: 'flipped.tar.gz', code: 'archive-mismatch' },
  { name: 'truncated', effect: 'truncate', part: 'truncated.tar.gz', code: 'archive-mismatch' },
  {
    name: 'index-flipped',
    effect: 'flip',
    part: 'index-flipped-index.json.gz',
    code: 'archive-mismatch',
  },
  {
    name: 'index-cut',
    effect: 'truncate',
    part: 'index-cut-index.json.gz',
    code: 'archive-mismatch',
  },
] as const)(
  'a $name object is found when it is read back',
  async ({ name, effect, part, code }) => {
    const { status } = await backUpWith(name, { method: 'GET', effect, part });
    expect(status).toMatchObject({ phase: 'Failed', failure: { code } });
    expect(status.failure?.message).toContain(part);
  },
);

test.each([
  { name: 'no-archive', part: 'no-archive.tar.gz' },
  { name: 'no-shard', part: 'no-shard/work/' },
  { name: 'no-record', part: 'velero-backup.json' },
])(
  'a PUT that fails ends the backup $name, and the reason names the object',
  async ({ name, part }) => {
    const { status } = await backUpWith(name, { method: 'PUT', effect: 'fail', part });
    expect(status).toMatchObject({ phase: 'Failed', failure: { code: 'location-unreachable' } });
    expect(status.failure?.message).toContain(part);
  },
);

test('a failed backup keeps its record and nothing else that looks like a backup', async () => {
  await backUpWith('recorded', { method: 'GET', effect: 'flip', part: 'recorded.tar.gz' });
  const store = installation.store();
  const entry = await readBackup(store, 'recorded');
  expect(entry?.record?.status).toMatchObject<Partial<VeleroBackup['status']>>({ phase: 'Failed' });
  const keys = await keysUnder(store, 'backups/recorded/');
  expect(keys.filter((key) => key.endsWith('.tar.gz') || isWorkKey(key))).toEqual([]);
  store.close();
  const { status, body } = await installation.createRestore('r', { backupName: 'recorded' });
  expect({ status, code: body.code }).toEqual({ status: 422, code: 'backup-not-usable' });
});

test('a cancelled backup leaves no archive, and a record that Velero understands', async () => {
  // Parts of the log are on their way by themselves, and may come when all else is over.
  const release = proxy.hold((path) => /\/stopped\/work\/(?!.*\/log\/)/.test(path));
  await installation.createBackup('stopped', [namespace]);
  await expect.poll(() => proxy.hits).toBeGreaterThan(0);
  expect((await installation.request('POST', '/backups/stopped:cancel')).status).toBe(202);
  release();
  expect((await installation.ended('backups', 'stopped')).status.phase).toBe('Cancelled');
  const store = installation.store();
  const entry = await readBackup(store, 'stopped');
  expect(entry?.record?.status).toMatchObject({ phase: 'Failed', failureReason: 'Cancelled' });
  const keys = await keysUnder(store, 'backups/stopped/');
  expect(keys.filter((key) => key.endsWith('.tar.gz') || isWorkKey(key))).toEqual([]);
  store.close();
});

test('a run tells what it waits for while the location does not answer', async () => {
  proxy.faults = [
    { method: 'PUT', matches: (path) => path.includes('/waiting/work/'), effect: 'fail' },
  ];
  await installation.createBackup('waiting', [namespace]);
  await expect
    .poll(
      async () => (await installation.look('backups', 'waiting'))?.status.waitingFor?.failure?.code,
    )
    .toBe('location-unreachable');
  proxy.faults = [];
  await installation.ended('backups', 'waiting');
});

test('a bucket that is not reachable is a problem at once, and nothing is started', async () => {
  const dead = await Installation.start({
    s3Endpoint: `http://127.0.0.1:${String(await freePort())}`,
  });
  try {
    const { status, body } = await dead.createBackup('b', ['default']);
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'location-unreachable' });
    expect(await keysUnder(dead.store(), '')).toEqual([]);
  } finally {
    await dead.stop();
  }
});

test('an API server that is not reachable ends the run with that reason, and leaves nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-kubeconfig-'));
  const kubeconfig = join(folder, 'config');
  const server = `https://127.0.0.1:${String(await freePort())}`;
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  const dead = await Installation.start({ kubeconfig, patience: '2s' });
  try {
    await dead.request<Problem>('POST', '/backups', {
      metadata: { name: 'b' },
      spec: { cluster: dead.name },
    });
    const { status } = await dead.ended('backups', 'b');
    expect(status).toMatchObject({ phase: 'Failed', failure: { code: 'cluster-unreachable' } });
    expect(await keysUnder(dead.store(), '')).toEqual([]);
  } finally {
    await dead.stop();
    await rm(folder, { recursive: true });
  }
});
