import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Freezes } from '../../../activities/hooks/freezes.ts';
import { type Swept, sweepFreezes } from '../../../activities/hooks/sweep-freezes.ts';
import { undoFreeze, type Thawer } from '../../../activities/hooks/undo-freeze.ts';
import type { Cluster, ExecEnd } from '../../../activities/kubernetes/port.ts';
import { recordTime } from '../../../domain/duration.ts';
import { Failure } from '../../../domain/failure.ts';
import type { Freeze } from '../../../domain/hooks/freeze.ts';
import { EXITED, freezeCluster } from '../../support/freeze-cluster.ts';

// Goal: what is frozen is thawed by whoever comes first, once where nothing is in the way, and again where something is.
// Method: Leases in a cluster in memory that minds resource versions, and commands that end as the test says.

const POD = { namespace: 'shop', name: 'db-0', uid: 'pod-uid' };
const NAMESPACE = 'holdfast';
const { signal } = new AbortController();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function freezeThat(changes: Partial<Freeze> = {}): Freeze {
  return {
    ...{ pod: POD, run: 'backup/default/nightly', runUid: 'run-1' },
    ...{ since: '2026-01-01T00:00:00Z', deadline: '2026-01-01T01:00:00Z' },
    undo: [
      {
        ...{ kind: 'exec', source: 'annotations', container: 'db', command: ['thaw'] },
        ...{ onError: 'Fail', timeoutMs: 30_000 },
      },
    ],
    ...changes,
  };
}

async function frozen(run?: () => Promise<ExecEnd> | ExecEnd, freeze = freezeThat()) {
  const { cluster, ran, held } = freezeCluster([POD], run);
  const freezes = new Freezes(cluster, NAMESPACE);
  expect(await freezes.note(freeze)).toBe(true);
  const thawer = (by: string, respectMs = 60_000): Thawer => ({
    ...{ freezes, cluster, by, signal, respectMs },
  });
  const busy = new Set<string>();
  const sweep = async (): Promise<string[]> => {
    const swept: Swept[] = [];
    // The cast: a sweep needs nothing else of a cluster.
    const deps = { cluster: cluster as unknown as Cluster, namespace: NAMESPACE };
    const onSwept = (one: Swept): void => void swept.push(one);
    await Promise.all((await sweepFreezes(deps, { signal, onSwept, busy })).thaws);
    return swept.map(({ pod, end, code, tries }) =>
      [pod, end, code, tries].filter((word) => word !== undefined).join(' '),
    );
  };
  return { cluster, ran, held, freezes, thawer, sweep };
}

test('a pod is thawed once, and who comes later is told by whom', async () => {
  const { ran, thawer } = await frozen();
  const first = await undoFreeze(POD.uid, thawer('the run'));
  expect(first).toMatchObject({
    ...{ kind: 'Thawed', isClean: true },
    runs: [{ phase: 'post', container: 'db', outcome: 'Succeeded', exitCode: 0 }],
  });
  const later = await undoFreeze(POD.uid, thawer('the guard'));
  expect(later).toMatchObject({ kind: 'ThawedBefore', by: 'the run' });
  expect(ran).toEqual(['db: thaw']);
  expect(await undoFreeze('another-uid', thawer('the guard'))).toEqual({ kind: 'None' });
});

test('of two that come at the same time one thaws, and the other is told to leave it to that one', async () => {
  let end: (value: ExecEnd) => void = () => undefined;
  const ending = new Promise<ExecEnd>((resolve) => {
    end = resolve;
  });
  const { ran, thawer } = await frozen(() => ending);
  const first = undoFreeze(POD.uid, thawer('the run'));
  const second = undoFreeze(POD.uid, thawer('the sweeper'));
  await expect.poll(() => ran).toHaveLength(1);
  end(EXITED);
  const kinds = (await Promise.all([first, second])).map(({ kind }) => kind);
  expect(kinds.sort()).toEqual(['Claimed', 'Thawed']);
  expect(ran).toHaveLength(1);
});

test('whoever has claimed a pod and died is not waited for after a deadline', async () => {
  const { ran, thawer, freezes } = await frozen(() => {
    throw new Failure('cluster-unreachable', 'it does not answer');
  });
  await expect(undoFreeze(POD.uid, thawer('the run'))).rejects.toThrow('does not answer');
  expect((await freezes.read(POD.uid))?.thawing).toMatchObject({ claim: { by: 'the run' } });
  // Another attempt of the same one goes on at once; another one leaves it alone for a while.
  expect(await undoFreeze(POD.uid, thawer('the guard'))).toMatchObject({ kind: 'Claimed' });
  await expect(undoFreeze(POD.uid, thawer('the run'))).rejects.toThrow('does not answer');
  await expect(undoFreeze(POD.uid, thawer('the guard', 0))).rejects.toThrow('does not answer');
  expect(ran).toHaveLength(3);
});

test('who claimed a pod first stays known when another one takes over', async () => {
  let isAway = true;
  const { thawer } = await frozen(() => {
    if (isAway) {
      throw new Failure('cluster-unreachable', 'it does not answer');
    }
    return EXITED;
  });
  await expect(undoFreeze(POD.uid, thawer('the sweeper'))).rejects.toThrow('does not answer');
  isAway = false;
  expect(await undoFreeze(POD.uid, thawer('the run', 0))).toMatchObject({
    ...{ kind: 'Thawed', first: 'the sweeper' },
  });
});

test('an undo that ends late says nothing of what another backup has frozen since', async () => {
  let end: (value: ExecEnd) => void = () => undefined;
  const ending = new Promise<ExecEnd>((resolve) => {
    end = resolve;
  });
  const { ran, held, freezes, thawer } = await frozen(() => ending);
  const late = undoFreeze(POD.uid, thawer('the sweeper'));
  await expect.poll(() => ran).toHaveLength(1);
  held.splice(
    held.findIndex(({ object }) => object.metadata.name.startsWith('freeze-')),
    1,
  );
  expect(await freezes.note(freezeThat({ runUid: 'run-2' }))).toBe(true);
  end(EXITED);
  await late;
  expect((await freezes.read(POD.uid))?.thawing).toEqual({});
});

test('an undo that fails is tried again for a day, ever more seldom, by whoever comes next, and then given up', async () => {
  const { ran, sweep, freezes } = await frozen(() => ({ ...EXITED, exitCode: 1 }));
  const pausesMs: number[] = [];
  const ends: (string | undefined)[] = [];
  for (let look = 0; look < 400; look++) {
    ends.push(...(await sweep()));
    const { retryAt, thawed } = (await freezes.read(POD.uid))?.thawing ?? {};
    if (thawed !== undefined) {
      break;
    }
    const nextMs = Date.parse(retryAt ?? '');
    pausesMs.push(nextMs - Date.now());
    vi.setSystemTime(nextMs - 1000);
    expect(await sweep()).toEqual([]);
    vi.setSystemTime(nextMs);
  }
  expect(pausesMs.slice(0, 8).map((ms) => Math.ceil(ms / 1000))).toEqual([
    ...[5, 10, 20, 40, 80, 160, 300, 300],
  ]);
  const hours = pausesMs.reduce((sum, ms) => sum + ms, 0) / 3_600_000;
  expect(hours).toBeGreaterThan(23);
  expect(hours).toBeLessThan(25);
  expect(ran).toHaveLength(ends.length);
  expect(ends.at(0)).toBe('shop/db-0 Failed hook-failed 1');
  expect(ends.at(-1)).toBe(`shop/db-0 GivenUp hook-failed ${String(ends.length)}`);
  expect((await freezes.read(POD.uid))?.thawing.thawed).toMatchObject({ isClean: false });
});

test('a pod that cannot take its thaw is thawed when it can, also before its deadline', async () => {
  const freeze = freezeThat({ deadline: '2999-01-01T00:00:00Z' });
  const { held, ran, sweep, freezes, thawer } = await frozen(undefined, freeze);
  const restarting = held[0];
  held[0] = {
    type: 'pods',
    object: { metadata: { ...POD }, status: { phase: 'Pending' } },
  };
  expect(await undoFreeze(POD.uid, thawer('the run'))).toMatchObject({
    ...{ isClean: false, failed: { code: 'pod-not-running', tries: 1, isGivenUp: false } },
  });
  expect(await sweep()).toEqual([]);
  vi.setSystemTime(Date.now() + 5000);
  expect(await sweep()).toEqual(['shop/db-0 Failed pod-not-running 2']);
  held[0] = restarting ?? { type: 'pods', object: { metadata: POD } };
  vi.setSystemTime(Date.now() + 10_000);
  expect(await sweep()).toEqual(['shop/db-0 Thawed']);
  expect(ran).toHaveLength(1);
  expect((await freezes.read(POD.uid))?.thawing).toMatchObject({
    ...{ first: 'the run', thawed: { by: 'the sweeper', isClean: true } },
  });
});

test('a try that failed before the deadline puts no try off beyond it', async () => {
  const deadline = recordTime(Date.now() + 2000);
  const { sweep, freezes, thawer } = await frozen(
    () => ({ ...EXITED, exitCode: 1 }),
    freezeThat({ deadline }),
  );
  await undoFreeze(POD.uid, thawer('the run'));
  expect((await freezes.read(POD.uid))?.thawing.retryAt).toBe(deadline);
  vi.setSystemTime(Date.parse(deadline));
  expect(await sweep()).toEqual(['shop/db-0 Failed hook-failed 2']);
});

test('a sweep thaws what is overdue alone, and one pod that cannot be thawed keeps no other from it', async () => {
  const other = { namespace: 'shop', name: 'web-0', uid: 'web-uid' };
  const later = { namespace: 'shop', name: 'later-0', uid: 'later-uid' };
  const { held, ran, freezes, sweep } = await frozen(() => {
    if (ran.length === 1) {
      throw new Failure('cluster-failed', 'it fails');
    }
    return EXITED;
  });
  held.push(...freezeCluster([other, later]).held);
  await freezes.note(freezeThat({ pod: other }));
  await freezes.note(freezeThat({ pod: later, deadline: '2999-01-01T00:00:00Z' }));
  expect((await sweep()).sort()).toEqual(['shop/db-0 Failed cluster-failed', 'shop/web-0 Thawed']);
  expect((await freezes.read(POD.uid))?.thawing).toMatchObject({
    code: 'cluster-failed',
    tries: 1,
  });
  expect((await freezes.read(later.uid))?.thawing).toEqual({});
  expect(await sweep()).toEqual([]);
  vi.setSystemTime(Date.now() + 5000);
  expect(await sweep()).toEqual(['shop/db-0 Thawed']);
  expect(await sweep()).toEqual([]);
});

test('a thaw that hangs keeps no other pod waiting, and is not begun twice', async () => {
  const other = { namespace: 'shop', name: 'web-0', uid: 'web-uid' };
  let end: (value: ExecEnd) => void = () => undefined;
  const hanging = new Promise<ExecEnd>((resolve) => {
    end = resolve;
  });
  const { held, ran, freezes, cluster } = await frozen(() => (ran.length === 1 ? hanging : EXITED));
  const busy = new Set<string>();
  const swept: string[] = [];
  const onSwept = ({ pod }: Swept): void => void swept.push(pod);
  // The cast: a sweep needs nothing else of a cluster.
  const deps = { cluster: cluster as unknown as Cluster, namespace: NAMESPACE };
  const { thaws } = await sweepFreezes(deps, { signal, onSwept, busy });
  held.push(...freezeCluster([other]).held);
  await freezes.note(freezeThat({ pod: other }));
  await Promise.all((await sweepFreezes(deps, { signal, onSwept, busy })).thaws);
  expect(swept).toEqual(['shop/web-0']);
  expect(ran).toHaveLength(2);
  end(EXITED);
  await Promise.all(thaws);
  expect(swept).toEqual(['shop/web-0', 'shop/db-0']);
});

test('a pod that is gone has nothing to thaw', async () => {
  const { held, ran, sweep, freezes } = await frozen();
  held.splice(0, 1);
  expect(await sweep()).toEqual(['shop/db-0 Gone']);
  expect(ran).toEqual([]);
  expect((await freezes.read(POD.uid))?.thawing.thawed).toMatchObject({ isClean: false });
  expect(await sweep()).toEqual([]);
});
