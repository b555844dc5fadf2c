import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BackupHookList } from '../../domain/api-resource.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import type { FreezableVolume } from '../support/freezable-volume.ts';
import { DISTURBANCES, FreezeKills, type FrozenBackup } from '../support/freeze-kills.ts';
import { kubectl } from '../support/kubectl.ts';
import { PodWriter } from '../support/pod-writer.ts';

// Goal: a backup copies what its pod has frozen, and says so; what it has frozen is thawed by its deadline, whatever dies,
// and no backup calls a copy consistent that is not. Method: a file system of its own for each of six pods, which the pre
// hook freezes; copies stand still until something was seen or killed. `make test-kill-hooks` does the kills fifty times,
// at random points.

const THAW_AFTER_MS = 12_000;
/** So late that it is the backup which thaws. */
const LATE_MS = 600_000;
const CONTENT = 'cd /volumes/data; find . -type f | sort | xargs sha256sum; cat log';

let kills: FreezeKills;
let quiet: FreezableVolume;
/** Of a backup that is cancelled. */
let left: FreezableVolume;
let copy: string;

beforeAll(async () => {
  kills = await FreezeKills.start(THAW_AFTER_MS);
  [quiet, left] = await Promise.all([
    kills.makePod(LATE_MS),
    kills.makePod(LATE_MS),
    kills.makePods(4),
  ]);
  copy = `${quiet.namespace}-copy`;
});

afterAll(async () => {
  await dropNamespaces(copy);
  await kills.stop();
});

/** Expects that a copy that goes on only now, after the thaw, is not called consistent. */
async function expectNotConsistent(backup: FrozenBackup, thawedMs: number): Promise<void> {
  const releasedMs = Date.now();
  kills.release(backup);
  expect(await kills.expectHonest(backup, { thawedMs, releasedMs })).toBe(false);
}

test('writes and another backup wait until the copy is made, and it is restored as the pod was at its freeze', async () => {
  const { installation } = kills;
  const writer = new PodWriter(quiet);
  await expect.poll(() => writer.count()).toBeGreaterThan(0);
  expect(await quiet.isFrozen()).toBe(false);
  const backup = await kills.startBackup('undisturbed', { volume: quiet, isHeldAtEnd: true });
  const written = await writer.count();
  const content = await quiet.shell(CONTENT);
  await kills.standsStill(backup);
  // All data is copied.
  await installation.createBackup('next', [quiet.namespace]);
  await expect
    .poll(async () => (await installation.look('backups', 'next'))?.status.waitingFor?.reason)
    .toBe(`the pod ${quiet.namespace}/web is frozen by backup/default/undisturbed`);
  expect(await writer.count()).toBe(written);
  expect(await quiet.isFrozen()).toBe(true);
  const releasedMs = Date.now();
  kills.release(backup);
  const thawedMs = await kills.thawed(backup, releasedMs);
  await expect.poll(() => writer.count()).toBeGreaterThan(written + 1);
  await installation.ended('backups', 'next');
  await writer.stop();
  const times = { thawedMs, releasedMs, isFollowed: true };
  expect(await kills.expectHonest(backup, times)).toBe(true);
  const next = { ...backup, name: 'next' };
  expect(await kills.expectHonest(next, { thawedMs: Date.now(), releasedMs })).toBe(true);
  const [, post] = await hooksOf('undisturbed');
  const [pre] = await hooksOf('next');
  expect(String(pre?.startTimestamp) >= String(post?.completionTimestamp)).toBe(true);

  const namespaceMapping = { [quiet.namespace]: copy };
  await installation.createRestore('back', { backupName: 'undisturbed', namespaceMapping });
  const { phase } = (await installation.ended('restores', 'back')).status;
  expect(phase).toBe('Completed');
  await kubectl('-n', copy, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
  expect(await kubectl('-n', copy, 'exec', 'web', '--', 'sh', '-c', CONTENT)).toBe(content);
  expect(content).toContain(`\n${String(written)}\n`);
});

/** What became of the hooks of a backup of one pod. */
async function hooksOf(backup: string): Promise<readonly HookRun[]> {
  const { body } = await kills.installation.request<BackupHookList>(
    ...(['GET', `/backups/${backup}/hooks`] as const),
  );
  return body.items.flatMap(({ runs }) => runs);
}

test('a worker that starts without Temporal thaws a pod, whose copy is not called consistent', async () => {
  const backup = await kills.startBackup('temporal');
  const bringBack = await DISTURBANCES['temporal and worker'](kills, backup);
  const thawedMs = await kills.thawed(backup).finally(bringBack);
  await expectNotConsistent(backup, thawedMs);
});

test('pods of backups that are cancelled, terminated and cut off, and whose worker is killed, are thawed', async () => {
  const [cancelled, terminated, cut, killed] = await Promise.all([
    kills.startBackup('cancelled', { volume: left }),
    kills.startBackup('terminated'),
    kills.startBackup('cut'),
    kills.startBackup('killed'),
  ]);
  await DISTURBANCES.cancel(kills, cancelled);
  const cancelledMs = Date.now();
  await DISTURBANCES['terminate all'](kills, terminated);
  // Long before its deadline: a cancelled backup thaws by itself.
  await kills.thawed(cancelled, cancelledMs);
  // What a killed worker was at is tried again after a minute.
  await kills.expectEnded(cancelled);
  await (
    await DISTURBANCES['API server'](kills, cut)
  )();
  await (
    await DISTURBANCES.worker(kills, killed)
  )();
  const [, cutMs, killedMs] = await Promise.all([
    kills.thawed(terminated),
    kills.thawed(cut),
    kills.thawed(killed),
  ]);
  await Promise.all([
    kills.expectEnded(terminated),
    expectNotConsistent(cut, cutMs),
    expectNotConsistent(killed, killedMs),
  ]);
});
