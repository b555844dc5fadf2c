import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RepositoryAccess, StoredSnapshot } from '../../activities/engine/port.ts';
import { repositoryPassword } from '../../activities/engine/repository-password.ts';
import { type ResticConfig, resticConfig } from '../../activities/engine/restic/config.ts';
import { createResticEngine } from '../../activities/engine/restic/engine.ts';
import { initialise } from '../../activities/engine/restic/initialise.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { MaintenanceState } from '../../domain/volumes/maintenance-plan.ts';
import { repositoryPath } from '../../domain/volumes/repository.ts';
import { MASTER_KEY } from '../support/held-master-key.ts';
import {
  CLUSTER_UID,
  LeaseFixture,
  type RepositoryOptions,
  type TestRepository,
} from '../support/lease-fixture.ts';
import { startMaintenanceWorker } from '../support/maintenance-worker.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { storeBackup } from '../support/stored-backup.ts';
import { folderOf, restic } from '../support/volume-fixture.ts';

// Goal: the maintenance takes out what nothing needs, never while somebody uses the repository, and whatever is wrong
// with the repository, runs get their leases again. Method: the real workflow and activities, with an engine in memory
// that can be made to fail; and with restic.

const CLUSTER = 'memory';
const HOUR_MS = 3_600_000;
/** A round is due at once, and the next in an hour. */
const DUE: Partial<MaintenanceState> = { dueMs: 1, isUsed: true };
const ONCE: RepositoryOptions = {
  ...{ cluster: CLUSTER, everyMs: HOUR_MS, backOffMs: [HOUR_MS], lockPauseMs: 200 },
  maintenance: DUE,
};

const fixture = LeaseFixture.forFile();
const engine = new MemoryEngine();
const stops: (() => Promise<void>)[] = [];
let cache: string;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'holdfast-cache-'));
  stops.push(await startMaintenanceWorker(fixture, { cluster: CLUSTER, engine }));
  stops.push(
    await startMaintenanceWorker(fixture, {
      cluster: 'restic',
      engine: createResticEngine(resticOfTest()),
    }),
  );
});

afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
  await rm(cache, { recursive: true });
});

function resticOfTest(): ResticConfig {
  return { ...resticConfig(process.env), cacheDir: cache };
}

function snapshot(snapshotId: string, labels: Record<string, string>): StoredSnapshot {
  const counts = {
    files: 1,
    bytes: 1,
    filesChanged: 1,
    blobsAdded: 1,
    addedBytes: 1,
    storedBytes: 1,
  };
  return { facts: { ...counts, snapshotId, startedAt: '2026-01-01T00:00:00Z' }, labels };
}

/** A snapshot that nothing refers to. */
const LOST = snapshot('lost', { backup: 'gone', run: 'gone' });
const FOREIGN = snapshot('foreign', {});

/** How the last round ended, once it has. */
async function endOf(repository: TestRepository): Promise<string | undefined> {
  await expect.poll(async () => (await repository.status()).maintenance).toHaveProperty('last');
  const { last, lastFailure } = (await repository.status()).maintenance;
  return last?.end === 'Failed' ? lastFailure?.code : last?.end;
}

type HistoryEvent = NonNullable<
  Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']
>[number];

/** Whether an event says that an activity is to be cancelled. */
function isCancelRequest(event: HistoryEvent): boolean {
  return event.activityTaskCancelRequestedEventAttributes != null;
}

/** A promise that is kept when somebody says so. */
function gate(): { promise: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

test('a round waits until nobody uses the repository, and who comes meanwhile waits for it', async () => {
  const [look, prune] = [gate(), gate()];
  const gates = { lookGate: look.promise, pruneGate: prune.promise };
  const stored = engine.add('turns', { snapshots: [LOST, FOREIGN], ...gates });
  const repository = await fixture.repository('turns', ONCE);
  const holder = await fixture.hold('holder', ['turns']);
  await fixture.epochsOf(holder);
  look.open();
  await expect.poll(async () => (await repository.users()).waiting).toEqual(['the maintenance']);
  expect((await repository.status()).maintenance.step).toBe(
    'waiting until nobody uses the repository',
  );
  expect(stored.snapshots).toEqual([LOST, FOREIGN]);

  await fixture.letGo(holder);
  await expect.poll(() => stored.snapshots).toEqual([FOREIGN]);
  const next = await fixture.hold('next', ['turns']);
  await expect
    .poll(async () => (await fixture.stateOf(next)).wait?.reason)
    .toBe('the repository of namespace turns is in use by the maintenance');
  expect(stored.hasUnneeded).toBe(true);
  prune.open();
  await fixture.epochsOf(next);
  expect(stored.hasUnneeded).toBe(false);
  expect(await endOf(repository)).toBe('Done');
  expect((await repository.status()).maintenance).not.toHaveProperty('step');
  await fixture.letGo(next);
});

test('a round that the repository is never free for is postponed, and holds nobody back', async () => {
  const look = gate();
  engine.add('busy', { snapshots: [LOST], lookGate: look.promise });
  const rules = { ...ONCE, waitMs: 500, patienceMs: 0 };
  const repository = await fixture.repository('busy', rules);
  const holder = await fixture.hold('holder', ['busy']);
  await fixture.epochsOf(holder);
  look.open();
  await expect.poll(async () => (await repository.users()).waiting).toEqual(['the maintenance']);
  const next = await fixture.hold('next', ['busy']);
  await fixture.epochsOf(next);
  expect(await endOf(repository)).toBe('Postponed');
  expect((await repository.users()).waiting).toEqual([]);
  await Promise.all([fixture.letGo(holder), fixture.letGo(next)]);
});

test('a lock that a dead process left is removed, and the lock of one that is alive is not', async () => {
  const dead = engine.add('dead', { snapshots: [LOST, FOREIGN], locks: ['dead'] });
  const repository = await fixture.repository('dead', ONCE);
  expect(await endOf(repository)).toBe('Done');
  expect(dead).toMatchObject({ locks: [], snapshots: [FOREIGN], hasUnneeded: false });

  const alive = engine.add('alive', { snapshots: [LOST], locks: ['alive'], areLocksAlive: true });
  const locked = await fixture.repository('alive', ONCE);
  expect(await endOf(locked)).toBe('repository-locked');
  expect(alive).toMatchObject({ locks: ['alive'], snapshots: [LOST] });
  expect(await locked.users()).toEqual({ held: [], waiting: [] });
});

test('a removal of data that is killed leaves a lock, which the round removes and goes on', async () => {
  const stored = engine.add('killed', { snapshots: [LOST, FOREIGN], isPruneKilled: true });
  const repository = await fixture.repository('killed', ONCE);
  expect(await endOf(repository)).toBe('Done');
  expect(stored).toMatchObject({ isPruneKilled: false, locks: [], hasUnneeded: false });
});

test('nothing is taken out of a repository that is damaged, until a check finds it sound', async () => {
  const stored = engine.add('damaged', { snapshots: [LOST, FOREIGN], errors: 2 });
  const repository = await fixture.repository('damaged', { ...ONCE, backOffMs: [500] });
  expect(await endOf(repository)).toBe('repository-damaged');
  expect(stored.snapshots).toEqual([LOST, FOREIGN]);
  stored.errors = 0;
  await expect.poll(() => stored.snapshots).toEqual([FOREIGN]);
  await expect.poll(() => endOf(repository)).toBe('Done');
});

test('a long history does not end a round, and what is known of it goes on', async () => {
  const prune = gate();
  engine.add('long', { snapshots: [LOST, FOREIGN], pruneGate: prune.promise });
  const repository = await fixture.repository('long', { ...ONCE, historyEventsMax: 20 });
  await expect.poll(() => repository.events()).toBeGreaterThan(20);
  const next = await fixture.hold('next', ['long']);
  await expect.poll(async () => (await repository.users()).waiting).toEqual([next.workflowId]);
  prune.open();
  const epochs = await fixture.epochsOf(next);
  await expect.poll(() => repository.events()).toBeLessThan(20);
  expect(await endOf(repository)).toBe('Done');
  expect((await repository.status()).leases).toMatchObject([{ epoch: epochs[0] }]);
  await fixture.letGo(next);
});

test('a kill of Temporal in the middle of a round does not end it', async () => {
  const prune = gate();
  const stored = engine.add('outage', { snapshots: [LOST, FOREIGN], pruneGate: prune.promise });
  const repository = await fixture.repository('outage', ONCE);
  await expect.poll(() => stored.hasUnneeded).toBe(true);
  await fixture.installation.kill('temporal');
  await fixture.installation.startPart('temporal');
  const next = await fixture.hold('next', ['outage']);
  await expect.poll(async () => (await repository.users()).waiting).toEqual([next.workflowId]);
  prune.open();
  await fixture.epochsOf(next);
  expect(await endOf(repository)).toBe('Done');
  expect(stored).toMatchObject({ snapshots: [FOREIGN], hasUnneeded: false });
  await fixture.letGo(next);
});

test('a cancelled keeper ends when the step of its round has ended', async () => {
  const prune = gate();
  const stored = engine.add('cancelled', { snapshots: [LOST], pruneGate: prune.promise });
  const { handle } = await fixture.repository('cancelled', ONCE);
  await expect.poll(() => stored.hasUnneeded).toBe(true);
  await handle.cancel();
  await expect
    .poll(async () => (await handle.fetchHistory()).events?.map(isCancelRequest))
    .toContain(true);
  expect((await handle.describe()).status.name).toBe('RUNNING');
  prune.open();
  await expect(handle.result()).rejects.toThrow('cancelled');
});

test('a repository in which nothing is left ends when nobody uses it, and its epochs go on after that', async () => {
  engine.add('idle', { isThere: false });
  const rules = { ...ONCE, everyMs: 1000, idleMs: 1000, maintenance: {} };
  const repository = await fixture.repository('idle', rules);
  const first = await fixture.hold('first', ['idle']);
  const [epoch = 0] = await fixture.epochsOf(first);
  await fixture.letGo(first);
  await repository.handle.result();
  const second = await fixture.hold('second', ['idle']);
  const [later = 0] = await fixture.epochsOf(second);
  expect(later).toBeGreaterThan(epoch);
  await fixture.letGo(second);
});

/** Bytes of the data of a repository. */
async function sizeOf(access: RepositoryAccess): Promise<number> {
  const folder = join(folderOf(access), 'data');
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile())
    .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Leaves the lock of a restic that was killed in the middle of a copy. */
async function leaveLock(access: RepositoryAccess): Promise<void> {
  const env = { RESTIC_REPOSITORY: folderOf(access), RESTIC_PASSWORD: access.password };
  const args = ['--no-cache', 'backup', '--stdin'];
  const child = spawn(process.env['HOLDFAST_RESTIC'] ?? '', args, { env });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  await expect.poll(() => readdir(join(folderOf(access), 'locks'))).toHaveLength(1);
  child.kill('SIGKILL');
  await exited;
}

test('a round forgets exactly what no record and no claim refers to, and removes its data', async () => {
  const namespace = 'shop';
  const location = fixture.installation.location('direct');
  const access = {
    ...{ location, path: repositoryPath(CLUSTER_UID, namespace) },
    password: repositoryPassword(MASTER_KEY, { clusterUid: CLUSTER_UID, namespace }),
  };
  const run = { key: 'test', signal: new AbortController().signal };
  await initialise(resticOfTest(), { repository: access, run });
  const copy = async (...tags: string[]): Promise<void> => {
    await writeFile(join(cache, 'data'), randomBytes(300_000));
    const host = ['--host', CLUSTER_UID, '--tag', tags.join(',')];
    restic(access, 'backup', join(cache, 'data'), ...host);
  };
  const kept = [
    ['backup=recorded', 'run=uid-recorded'],
    ['backup=unfinished', 'run=uid-unfinished'],
    ['backup=unreadable', 'run=uid-unreadable'],
    ['a-tag-of-somebody'],
  ];
  for (const tags of kept) {
    await copy(...tags);
  }
  const needed = await sizeOf(access);
  await copy('backup=recorded', 'run=an-earlier-one');
  await copy('backup=deleted', 'run=uid-deleted');
  await leaveLock(access);
  const store = fixture.installation.store();
  await storeBackup(store, 'recorded', []);
  await storeBackup(store, 'unfinished', []);
  await store.remove([backupKeys('unfinished').record]);
  await store.put(backupKeys('unreadable').claim, Buffer.from('{}'));

  const repository = await fixture.repository(namespace, { ...ONCE, cluster: 'restic' });
  expect(await endOf(repository)).toBe('Done');
  const left = JSON.parse(restic(access, 'snapshots', '--json')) as { tags: string[] }[];
  expect(left.map(({ tags }) => tags)).toEqual(kept);
  expect(await readdir(join(folderOf(access), 'locks'))).toEqual([]);
  expect(await sizeOf(access)).toBeLessThan(needed + 100_000);
  restic(access, 'check', '--read-data');
  store.close();
});
