import { expect, test } from 'vitest';

import { Freezes } from '../../../activities/hooks/freezes.ts';
import { type Swept, sweepFreezes } from '../../../activities/hooks/sweep-freezes.ts';
import { undoFreeze, type Thawer } from '../../../activities/hooks/undo-freeze.ts';
import type { Cluster, ExecEnd } from '../../../activities/kubernetes/port.ts';
import { Failure } from '../../../domain/failure.ts';
import type { Freeze } from '../../../domain/hooks/freeze.ts';
import { EXITED, freezeCluster } from '../../support/freeze-cluster.ts';

// Goal: what is frozen is thawed by whoever comes first, once where nothing is in the way, and again where something is.
// Method: Leases in a cluster in memory that minds resource versions, and commands that end as the test says.

const POD = { namespace: 'shop', name: 'db-0', uid: 'pod-uid' };
const NAMESPACE = 'holdfast';
const { signal } = new AbortController();

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
    return swept.map(({ pod, end }) => `${pod} ${end}`);
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

test('an undo that fails is tried again at each sweep, and given up in the end', async () => {
  const { ran, sweep, freezes } = await frozen(() => ({ ...EXITED, exitCode: 1 }));
  expect(await sweep()).toEqual(['shop/db-0 Failed']);
  expect((await freezes.read(POD.uid))?.thawing).toMatchObject({ tries: 1 });
  for (let round = 2; round <= 12; round++) {
    await sweep();
  }
  expect(ran).toHaveLength(10);
  expect((await freezes.read(POD.uid))?.thawing.thawed).toMatchObject({ isClean: false });
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
  expect((await sweep()).sort()).toEqual(['shop/db-0 Failed', 'shop/web-0 Thawed']);
  expect((await freezes.read(later.uid))?.thawing).toEqual({});
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
  expect(await sweep()).toEqual(['shop/db-0 Failed']);
  expect(ran).toEqual([]);
  expect((await freezes.read(POD.uid))?.thawing.thawed).toMatchObject({ isClean: false });
  expect(await sweep()).toEqual([]);
});
