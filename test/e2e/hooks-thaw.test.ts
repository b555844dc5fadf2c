import { afterAll, beforeAll, expect, test } from 'vitest';

import { DISTURBANCES, FreezeKills, type FrozenBackup } from '../support/freeze-kills.ts';

// Goal: what a backup has frozen is thawed by its deadline, whatever dies, and no backup calls a copy consistent that is
// not. Method: a file system of its own for each of five pods, which the pre hook freezes; copies stand still until
// something was killed. `make test-kill-hooks` does this fifty times, at random points.

const THAW_AFTER_MS = 12_000;

let kills: FreezeKills;

beforeAll(async () => {
  kills = await FreezeKills.start(THAW_AFTER_MS);
  await kills.makePods(5);
});

afterAll(async () => {
  await kills.stop();
});

/** Expects that a copy that goes on only now, after the thaw, is not called consistent. */
async function expectNotConsistent(backup: FrozenBackup, thawedMs: number): Promise<void> {
  const releasedMs = Date.now();
  kills.release(backup);
  expect(await kills.expectHonest(backup, { thawedMs, releasedMs })).toBe(false);
}

test('a pod is thawed with Temporal down until after the deadline, and its copy is not called consistent', async () => {
  const backup = await kills.startBackup('temporal');
  const bringBack = await DISTURBANCES.temporal(kills, backup);
  const thawedMs = await kills.thawed(backup).finally(bringBack);
  await expectNotConsistent(backup, thawedMs);
});

test('pods of backups that are cancelled, terminated and cut off, and whose worker is killed, are thawed', async () => {
  const [cancelled, terminated, cut, killed] = await Promise.all([
    kills.startBackup('cancelled'),
    kills.startBackup('terminated'),
    kills.startBackup('cut'),
    kills.startBackup('killed'),
  ]);
  await DISTURBANCES.cancel(kills, cancelled);
  await DISTURBANCES['terminate all'](kills, terminated);
  // A cancelled backup thaws by itself.
  expect(await kills.thawed(cancelled)).toBeLessThan(kills.deadlineMs(cancelled));
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
