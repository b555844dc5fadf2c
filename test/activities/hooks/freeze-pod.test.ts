import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Dependencies } from '../../../activities/dependencies.ts';
import { freezePod } from '../../../activities/hooks/freeze-pod.ts';
import { Freezes } from '../../../activities/hooks/freezes.ts';
import { hooksOfBatch } from '../../../activities/hooks/hooks-of-batch.ts';
import { sweepFreezes } from '../../../activities/hooks/sweep-freezes.ts';
import { thawOverdue } from '../../../activities/hooks/thaw-overdue.ts';
import { thawPod } from '../../../activities/hooks/thaw-pod.ts';
import type { HookedPodInput } from '../../../activities/hook-contract.ts';
import type { ExecEnd } from '../../../activities/kubernetes/port.ts';
import type { ExecHook } from '../../../domain/hooks/hook.ts';
import { hookProblems } from '../../../domain/hooks/hook-report.ts';
import type { HookEnds } from '../../../domain/hooks/hook-ends.ts';
import { backupFolder, hookEndsKey, volumeBatchKey } from '../../../domain/object-key.ts';
import type { HookedPod } from '../../../domain/volumes/volume-plan.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';
import { EXITED, freezeCluster } from '../../support/freeze-cluster.ts';

// Goal: a pod is never frozen without a note of how it is thawed, and what its hooks did is known. Method: Leases in a
// cluster in memory, a batch in a folder, and commands that end as the test says.

const POD = { namespace: 'shop', name: 'db-0', uid: 'pod-uid' };
const RUN = { location: 'default', name: 'nightly', runUid: 'run-1', kind: 'Backup' } as const;
const NOWHERE = { name: 'default', provider: 'folder', path: '/nonexistent' } as const;
const INPUT = { ...RUN, batch: 0, pod: 0 };
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-freeze-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

function hook(word: string, onError: ExecHook['onError'] = 'Fail'): ExecHook {
  const of = { kind: 'exec', source: 'annotations', container: 'db' } as const;
  return { ...of, command: [word], onError, timeoutMs: 30_000 };
}

const FREEZING = { pre: [hook('freeze')], post: [hook('thaw')] };

/** A worker whose commands end as is said, and a batch with one pod. */
async function worker(
  hooks: Pick<HookedPod, 'pre' | 'post'>,
  run: (word: string) => ExecEnd = () => EXITED,
  thawAfterMs = 60_000,
) {
  const pods: HookedPod[] = [{ pod: POD, ...hooks, volumes: [3, 4], thawAfterMs }];
  await writeJsonGz(store, volumeBatchKey(backupFolder('nightly'), INPUT), { volumes: [], pods });
  const seen: string[] = [];
  const { cluster, held } = freezeCluster([POD], async ({ command: [word = ''] }) => {
    const isNoted = (await freezes.read(POD.uid)) !== undefined;
    seen.push(`${word}${isNoted ? ', noted' : ''}`);
    return run(word);
  });
  const freezes = new Freezes(cluster, 'holdfast');
  // The cast: only what the activities use of a worker's clients is there.
  const deps = { cluster, namespace: 'holdfast', store: () => store } as unknown as Dependencies;
  return {
    ...{ deps, freezes, held, seen },
    freeze: (input: HookedPodInput = INPUT) => inActivity(() => freezePod(deps, input)),
    thaw: (isBegun?: boolean) =>
      inActivity(() =>
        thawPod(deps, { ...INPUT, podUid: POD.uid, ...(isBegun === undefined ? {} : { isBegun }) }),
      ),
  };
}

function quietSweep() {
  const { signal } = new AbortController();
  return { signal, onSwept: () => undefined, busy: new Set<string>() };
}

/** What is reported of the pod when its batch ends like this. */
async function reported(ends: Omit<HookEnds, 'pod'>) {
  const key = hookEndsKey(backupFolder('nightly'), INPUT);
  await writeJsonGz(store, key, [{ pod: 0, ...ends }]);
  return hooksOfBatch(store, INPUT, []);
}

test('a freeze is noted before it happens, and the note is gone when the pod is thawed', async () => {
  const { freeze, thaw, freezes, seen } = await worker(FREEZING, (word) => ({
    ...EXITED,
    stdout: `${word}!`,
  }));
  const frozen = await freeze();
  expect(frozen).toMatchObject({ isFrozen: true });
  expect(frozen).not.toHaveProperty('failure');
  expect((await freezes.read(POD.uid))?.freeze).toMatchObject({
    ...{ run: 'backup/default/nightly', runUid: 'run-1', undo: [{ command: ['thaw'] }] },
  });
  const thawed = await thaw();
  expect(thawed).toMatchObject({ isFirst: true });
  expect(seen).toEqual(['freeze, noted', 'thaw, noted']);
  expect(await freezes.read(POD.uid)).toBeUndefined();

  const ends = { preAttempt: frozen.attempt, postAttempt: thawed.attempt ?? '', isHeld: true };
  const { pods, held } = await reported(ends);
  expect([...held]).toEqual([
    [3, 'Held'],
    [4, 'Held'],
  ]);
  expect(pods).toMatchObject([
    {
      ...{ namespace: 'shop', pod: 'db-0', isHeld: true },
      runs: [
        { phase: 'pre', outcome: 'Succeeded', exitCode: 0, stdout: 'freeze!' },
        { phase: 'post', outcome: 'Succeeded', exitCode: 0, stdout: 'thaw!' },
      ],
    },
  ]);
});

test('a hook that fails and must not ends the hooks of its pod, and says why', async () => {
  const hooks = { ...FREEZING, pre: [hook('freeze'), hook('never')] };
  const { freeze, seen } = await worker(hooks, () => ({ ...EXITED, exitCode: 3, stderr: 'no' }));
  expect(await freeze()).toMatchObject({
    isFrozen: false,
    failure: {
      code: 'hook-failed',
      subject: 'pod shop/db-0',
      message: 'the pre hook of the pod shop/db-0, container db failed: it ended with exit code 3',
    },
  });
  expect(seen).toEqual(['freeze, noted']);
});

test('a hook that may fail keeps nothing back, but the pod is not as it should be', async () => {
  const hooks = { ...FREEZING, pre: [hook('freeze', 'Continue'), hook('next')] };
  const { freeze, seen } = await worker(hooks, (word) => ({
    ...EXITED,
    exitCode: word === 'freeze' ? 1 : 0,
  }));
  const frozen = await freeze();
  expect(frozen).toMatchObject({ isFrozen: false });
  expect(frozen).not.toHaveProperty('failure');
  expect(seen).toEqual(['freeze, noted', 'next, noted']);
  const { held } = await reported({ preAttempt: frozen.attempt, isHeld: false, isExcused: true });
  expect([...held.values()]).toEqual(['Excused', 'Excused']);
});

test('a hook that takes too long may freeze yet: the pod is thawed now, and once more at its deadline', async () => {
  const { deps, freeze, freezes, seen } = await worker(FREEZING, (word) =>
    word === 'freeze'
      ? { kind: 'timed-out', stdout: '', stderr: '', dropped: 0, durationMs: 30_000 }
      : EXITED,
  );
  const { failure, mayFreezeYet = false } = await freeze();
  expect(failure?.message).toContain('longer than its timeout of 30 s');
  const input = { ...INPUT, podUid: POD.uid, mayFreezeYet };
  expect(await inActivity(() => thawPod(deps, input))).toMatchObject({ isFrozenStill: true });
  expect(seen).toEqual(['freeze, noted', 'thaw, noted']);
  expect((await freezes.read(POD.uid))?.thawing.thawed).toBeUndefined();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  await inActivity(() => thawOverdue(deps, { podUid: POD.uid, runUid: 'run-1' }));
  expect(seen).toEqual(['freeze, noted', 'thaw, noted', 'thaw, noted']);
  expect((await freezes.read(POD.uid))?.thawing.thawed).toMatchObject({ isClean: true });
});

test('a hook that cannot be run fails with its fault, and that of its pod alone', async () => {
  const fault = 'annotation pre.hook.backup.velero.io/timeout is "5x"';
  const places = ['annotation pre.hook.backup.velero.io/timeout'];
  const bad = { kind: 'bad', source: 'annotations', onError: 'Fail', fault, places } as const;
  const { freeze, seen } = await worker({ ...FREEZING, pre: [bad] });
  const { failure, attempt } = await freeze();
  // What enters history names the place; the value stays in the list of the hooks.
  expect(failure?.message).toBe(
    'the pre hook of the pod shop/db-0 failed: annotation pre.hook.backup.velero.io/timeout ' +
      'cannot be used as it is; the list of the hooks says why',
  );
  expect(seen).toEqual([]);
  const { pods } = await reported({ preAttempt: attempt, isHeld: false });
  expect(pods[0]?.runs[0]?.message).toBe(fault);
  expect(JSON.stringify(hookProblems(pods))).not.toContain('5x');
});

test('hooks that were never begun leave nothing to undo, and nothing that keeps the next backup waiting', async () => {
  const { freeze, thaw, freezes, held, seen } = await worker(FREEZING);
  held.splice(0, 1);
  const frozen = await freeze();
  expect(frozen).toMatchObject({ isBegun: false, isFrozen: false });
  expect(frozen.failure?.message).toContain('the pod shop/db-0 is gone');
  expect(await freezes.read(POD.uid)).toBeUndefined();
  expect(await thaw(frozen.isBegun)).toEqual({ isFirst: true });
  expect(seen).toEqual([]);
  const { pods } = await reported({ preAttempt: frozen.attempt, isHeld: false });
  expect(pods[0]?.notRun).toEqual([
    '1 post hook: no pre hook was begun, so that there is nothing to undo',
  ]);
});

test('a pod is thawed although the location does not answer', async () => {
  const { deps, freeze, freezes, seen } = await worker(FREEZING);
  await freeze();
  const away = { ...deps, store: () => openObjectStore(NOWHERE) };
  const input = { ...INPUT, podUid: POD.uid };
  await expect(inActivity(() => thawPod(away, input))).rejects.toThrow();
  expect(seen).toEqual(['freeze, noted', 'thaw, noted']);
  expect((await freezes.read(POD.uid))?.thawing.thawed).toMatchObject({ isClean: true });
});

test('a thaw that fails leaves the pod to its guard, which waits for the deadline and minds its own run', async () => {
  const { deps, freeze, thaw, freezes, seen } = await worker(FREEZING, (word) => ({
    ...EXITED,
    exitCode: word === 'thaw' ? 1 : 0,
  }));
  await freeze();
  expect(await thaw()).toMatchObject({ isFirst: true, isFrozenStill: true });
  const guard = (runUid: string, isForced = false) =>
    inActivity(() => thawOverdue(deps, { podUid: POD.uid, runUid, isForced }));
  expect((await guard('run-1'))?.leftMs).toBeGreaterThan(0);
  expect(await guard('run-2', true)).toBeUndefined();
  expect(seen).toHaveLength(2);
  expect(await guard('run-1', true)).toBeUndefined();
  expect(seen).toHaveLength(3);
  expect((await freezes.read(POD.uid))?.thawing).toMatchObject({ tries: 2 });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  expect((await guard('run-1'))?.leftMs).toBeGreaterThan(15_000);
  expect((await freezes.read(POD.uid))?.thawing).toMatchObject({ tries: 3 });
});

test('what is frozen after the pod was thawed at its deadline is undone at once', async () => {
  const sweeping: { sweep?: Promise<unknown> } = {};
  const hooks = { pre: [hook('dump'), hook('freeze')], post: [hook('thaw')] };
  const { deps, freeze, seen } = await worker(
    hooks,
    (word) => {
      if (word === 'dump') {
        sweeping.sweep = sweepFreezes(deps, quietSweep()).then(({ thaws }) => Promise.all(thaws));
      }
      return EXITED;
    },
    0,
  );
  const { failure, isFrozen } = await freeze();
  await sweeping.sweep;
  expect(isFrozen).toBe(false);
  expect(failure?.message).toContain('raise holdfast.dev/thaw-after');
  expect(seen.at(-1)).toBe('thaw, noted');
  expect(seen.filter((word) => word.startsWith('thaw'))).toHaveLength(2);
});

test('a pod whose thaw cannot be run is not frozen', async () => {
  const fault = 'annotation post.hook.backup.velero.io/timeout is "5x"';
  const bad = { kind: 'bad', source: 'annotations', onError: 'Continue', fault } as const;
  const { freeze, thaw, freezes, seen } = await worker({ pre: [hook('freeze')], post: [bad] });
  const frozen = await freeze();
  expect(frozen).toMatchObject({ isBegun: false, isFrozen: false });
  expect(frozen.failure?.message).toBe(
    'the post hook of the pod shop/db-0 failed: it cannot be used as it is; the list of the hooks says why',
  );
  await thaw(frozen.isBegun);
  expect(seen).toEqual([]);
  expect(await freezes.read(POD.uid)).toBeUndefined();
});

test('what an attempt that was cut short may have frozen is not forgotten when the pod no longer runs', async () => {
  const { freeze, freezes, held } = await worker(FREEZING);
  await freeze();
  held.splice(0, 1);
  expect(await freeze()).toMatchObject({ isBegun: true, isFrozen: false });
  expect((await freezes.read(POD.uid))?.freeze.runUid).toBe('run-1');
});

test('a backup does not thaw what another one has frozen, and does not call it its own', async () => {
  const { thaw, freezes, seen } = await worker(FREEZING);
  await freezes.note({
    ...{ pod: POD, run: 'backup/default/other', runUid: 'run-0', undo: [hook('undo')] },
    ...{ since: '2026-01-01T00:00:00Z', deadline: '2999-01-01T00:00:00Z' },
  });
  expect(await thaw()).toEqual({ isFirst: false });
  expect(seen).toEqual([]);
  expect((await freezes.read(POD.uid))?.thawing).toEqual({});
});

test('a note that is gone is no proof that the pod was frozen until then', async () => {
  const { freeze, thaw, freezes } = await worker(FREEZING);
  const { attempt } = await freeze();
  const stored = await freezes.read(POD.uid);
  expect(stored).toBeDefined();
  await (stored && freezes.forget(stored));
  expect(await thaw()).toEqual({ isFirst: false });
  const { pods } = await reported({ preAttempt: attempt, isHeld: false });
  expect(pods[0]?.failure?.message).toContain(
    'run by another one, and nobody knows what they gave',
  );
});

test('a pod that another backup could not thaw is not waited for', async () => {
  const { freeze, thaw, freezes, seen } = await worker(FREEZING, (word) => ({
    ...EXITED,
    exitCode: word === 'thaw' ? 1 : 0,
  }));
  await freeze({ ...INPUT });
  await thaw();
  expect((await freezes.read(POD.uid))?.thawing).toMatchObject({ tries: 1 });
  const other = { ...INPUT, runUid: 'run-2' };
  await writeJsonGz(store, volumeBatchKey(backupFolder('nightly'), other), {
    ...{ volumes: [], pods: [{ pod: POD, ...FREEZING, volumes: [], thawAfterMs: 60_000 }] },
  });
  expect(await freeze(other)).toMatchObject({ isFrozen: true });
  expect((await freezes.read(POD.uid))?.freeze.runUid).toBe('run-2');
  expect(seen.map((one) => one.replace(', noted', ''))).toEqual([
    ...['freeze', 'thaw', 'thaw', 'freeze'],
  ]);
});

test('an attempt that follows one that was cut short thaws first', async () => {
  const { freeze, seen } = await worker(FREEZING);
  await freeze();
  expect(await freeze()).toMatchObject({ isFrozen: true });
  expect(seen).toEqual(['freeze, noted', 'thaw, noted', 'freeze, noted']);
});

test('what a backup that is gone has left frozen past its deadline is thawed first', async () => {
  const { freeze, freezes, seen } = await worker(FREEZING);
  await freezes.note({
    ...{ pod: POD, run: 'backup/default/other', runUid: 'run-0', undo: [hook('undo')] },
    ...{ since: '2026-01-01T00:00:00Z', deadline: '2026-01-01T00:01:00Z' },
  });
  await freeze();
  expect(seen).toEqual(['undo, noted', 'freeze, noted']);
  expect((await freezes.read(POD.uid))?.freeze.runUid).toBe('run-1');
});

test('a pod that another backup has frozen is waited for', async () => {
  const { freeze, thaw, seen } = await worker(FREEZING);
  await freeze();
  const batch = volumeBatchKey(backupFolder('nightly'), { ...INPUT, runUid: 'run-2' });
  await writeJsonGz(store, batch, {
    ...{ volumes: [], pods: [{ pod: POD, ...FREEZING, volumes: [], thawAfterMs: 60_000 }] },
  });
  let isFrozen = false;
  const second = freeze({ ...INPUT, runUid: 'run-2' }).then(() => {
    isFrozen = true;
  });
  await expect.poll(() => isFrozen, { interval: 50, timeout: 300 }).toBe(false);
  await thaw();
  await second;
  expect(seen).toEqual(['freeze, noted', 'thaw, noted', 'freeze, noted']);
});

test('a pod that was thawed meanwhile is not as it was frozen, and is thawed once more to be sure', async () => {
  const { deps, freeze, thaw, freezes, seen } = await worker({ ...FREEZING }, undefined, 0);
  const { attempt } = await freeze();
  await Promise.all((await sweepFreezes(deps, quietSweep())).thaws);
  const thawed = await thaw();
  expect(thawed).toMatchObject({ isFirst: false });
  expect(seen).toEqual(['freeze, noted', 'thaw, noted', 'thaw, noted']);
  expect(await freezes.read(POD.uid)).toBeUndefined();
  const ends = { preAttempt: attempt, postAttempt: thawed.attempt ?? '', isHeld: false };
  const { held, pods } = await reported(ends);
  expect([...held.values()]).toEqual(['Lost', 'Lost']);
  // What the sweeper's thaw gave stood in the Lease.
  expect(pods[0]?.runs.slice(1)).toMatchObject([
    { phase: 'post', by: 'the sweeper', command: ['thaw'], outcome: 'Succeeded', exitCode: 0 },
  ]);
  expect(pods[0]).not.toHaveProperty('failure');
});

test('without a pre hook, or without a post hook, there is nothing to note', async () => {
  const post = await worker({ pre: [], post: [hook('after')] });
  await post.freeze();
  expect(await post.thaw()).toMatchObject({ isFirst: true, attempt: expect.any(String) as string });
  expect(post.seen).toEqual(['after']);
  const pre = await worker({ pre: [hook('before')], post: [] });
  await pre.freeze();
  await pre.thaw();
  expect(pre.seen).toEqual(['before']);
});

test('a pod whose batch was never begun is told of, with what its volumes failed of', async () => {
  await worker(FREEZING);
  expect((await hooksOfBatch(store, INPUT, [])).pods[0]?.failure?.code).toBe('hook-failed');
  const failure = { code: 'repository-busy', message: 'the repository is maintained' } as const;
  const volume = { index: 4, namespace: 'shop', source: 'persistentVolumeClaim' } as const;
  const { pods, held } = await hooksOfBatch(store, INPUT, [{ kind: 'failed', volume, failure }]);
  expect(pods).toEqual([
    {
      ...{ namespace: 'shop', pod: 'db-0', isHeld: false, failure, runs: [] },
      notRun: [`1 pre hook: ${failure.message}`, `1 post hook: ${failure.message}`],
    },
  ]);
  expect([...held.values()]).toEqual(['Lost', 'Lost']);
  expect(hookProblems(pods).errors).toMatchObject([{ code: 'repository-busy' }]);
});
