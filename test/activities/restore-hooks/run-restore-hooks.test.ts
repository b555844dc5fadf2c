import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Dependencies } from '../../../activities/dependencies.ts';
import type { ExecEnd, ExecTarget } from '../../../activities/kubernetes/port.ts';
import { HookFiles } from '../../../activities/restore-hooks/hook-files.ts';
import { readHookEnds } from '../../../activities/restore-hooks/read-hook-ends.ts';
import { runRestoreHooks } from '../../../activities/restore-hooks/run-restore-hooks.ts';
import { Failure } from '../../../domain/failure.ts';
import type { Fields } from '../../../domain/fields.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import type { HeartbeatProgress } from '../../../domain/run-status.ts';
import { claimRun } from '../../../storage/claim.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';
import { EXITED } from '../../support/freeze-cluster.ts';
import { type HeldObject, memoryCluster } from '../../support/memory-cluster.ts';
import { SOURCE_CLUSTER } from '../../support/stored-backup.ts';
import { SPEC } from '../../support/wanted-fixture.ts';

// Goal: each hook of a restored pod is run once however often the activity is, a pod that is not as it should be keeps
// back nobody else, and what was not run is told. Method: pods in memory, whose commands the test answers.

const RUN = { location: 'default', name: 'r', runUid: 'run' };
const BATCH = { ...RUN, batch: 0 };
const RUNNING = { name: 'main', ready: true, state: { running: {} } };

let folder: string;
let store: ObjectStore;
/** The commands that were run, as `pod: command`. */
let ran: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-hooks-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  ran = [];
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

/** A pod of the restore, with two hooks of the request. */
function pod(
  name: string,
  { metadata = {}, status = {} }: Record<string, Fields> = {},
): HeldObject {
  return {
    type: 'pods',
    object: {
      metadata: {
        ...{ name, namespace: 'copy', uid: `uid-${name}` },
        annotations: { 'holdfast.dev/restore-uid': `run:created:pods/copy/${name}` },
        ...metadata,
      },
      spec: { containers: [{ name: 'main' }] },
      status: { phase: 'Running', containerStatuses: [RUNNING], ...status },
    },
  };
}

const HOOKS = {
  resources: [
    {
      name: 'load',
      postHooks: ['one', 'two'].map((word) => ({
        exec: { command: [word], onError: 'Fail' as const, waitTimeout: '1ms' },
      })),
    },
  ],
};

interface Options {
  readonly run?: (target: ExecTarget) => Promise<ExecEnd> | ExecEnd;
  readonly attempt?: number;
  readonly signal?: AbortSignal;
  readonly onBeat?: (progress: HeartbeatProgress) => void;
}

async function claim(spec: Partial<RestoreSpec>, names: readonly string[]): Promise<void> {
  await claimRun(store, restoreKeys('r').claim, {
    ...{ version: 1, kind: 'Restore', name: 'r', runUid: 'run', specDigest: 'digest' },
    ...{ installation: 'test', startTimestamp: '2026-01-01T00:00:00Z', cluster: SOURCE_CLUSTER },
    spec: { ...SPEC, ...spec },
  });
  const pods = names.map((name) => ({ namespace: 'copy', name }));
  await new HookFiles(store, BATCH).writePods(pods);
}

function runBatch(held: readonly HeldObject[], { run, ...options }: Options = {}): Promise<void> {
  const cluster = {
    ...memoryCluster([], held),
    exec: async (target: ExecTarget) => {
      ran.push(`${target.pod}: ${target.command.join(' ')}`);
      return (await run?.(target)) ?? EXITED;
    },
  };
  // The cast: the activity uses no more of its dependencies.
  const deps = { cluster, store: () => store } as unknown as Dependencies;
  return inActivity(() => runRestoreHooks(deps, BATCH), options);
}

async function endsOf(name: string): Promise<string[]> {
  const ends = await new HookFiles(store, BATCH).readEnds();
  const { runs = [], failure } = ends.find((end) => end.pod === name) ?? {};
  return [
    ...runs.map(({ outcome, message = '' }) => `${outcome} ${message}`.trim()),
    ...(failure === undefined ? [] : [failure.code]),
  ];
}

function unreachable(): never {
  throw new Failure('cluster-unreachable', 'the connection broke off');
}

test('hooks of a pod run one after the other, and a repeated activity runs none again', async () => {
  await claim({ hooks: HOOKS }, ['a', 'b']);
  const held = [pod('a'), pod('b')];
  await runBatch(held);
  expect(ran.filter((line) => line.startsWith('a'))).toEqual(['a: one', 'a: two']);
  expect(await endsOf('b')).toEqual(['Succeeded', 'Succeeded']);
  await runBatch(held, { attempt: 2 });
  expect(ran).toHaveLength(4);
});

test('what was under way when an attempt was lost is run again, and what had ended is not', async () => {
  await claim({ hooks: HOOKS }, ['a', 'b']);
  const held = [pod('a'), pod('b')];
  const run = ({ pod: name, command }: ExecTarget): ExecEnd =>
    name === 'a' && command[0] === 'two' ? unreachable() : EXITED;
  await expect(runBatch(held, { run })).rejects.toMatchObject({ code: 'cluster-unreachable' });
  // The others came to their ends all the same.
  expect([...ran].sort()).toEqual(['a: one', 'a: two', 'b: one', 'b: two']);
  ran = [];
  // A pod that is gone since its hooks have ended is none of theirs.
  await runBatch([pod('a')], { attempt: 2 });
  expect(ran).toEqual(['a: two']);
  expect(await endsOf('a')).toEqual(['Succeeded', 'Succeeded']);
  expect(await endsOf('b')).toEqual(['Succeeded', 'Succeeded']);
});

test('a hook that must not fail ends those of its pod alone, for later attempts too', async () => {
  await claim({ hooks: HOOKS }, ['a', 'b']);
  const held = [pod('a'), pod('b')];
  const run = ({ pod: name }: ExecTarget): ExecEnd =>
    name === 'a' ? { ...EXITED, exitCode: 2 } : unreachable();
  await expect(runBatch(held, { run })).rejects.toMatchObject({ code: 'cluster-unreachable' });
  await runBatch(held, { attempt: 2 });
  expect(ran.filter((line) => line.startsWith('a'))).toEqual(['a: one']);
  expect(await endsOf('a')).toEqual(['Failed it ended with exit code 2']);
  expect(await endsOf('b')).toEqual(['Succeeded', 'Succeeded']);
});

describe('a pod that is not as it should be', () => {
  const WAITING = { name: 'main', state: { waiting: { reason: 'ImagePullBackOff' } } };
  const LATE = 'Failed the container main did not run in 1ms';

  test.each([
    ['that is gone', [], ['pod-gone']],
    ['that somebody else has made', [pod('a', { metadata: { annotations: {} } })], ['pod-gone']],
    [
      'whose container does not run',
      [pod('a', { status: { phase: 'Pending', containerStatuses: [WAITING] } })],
      [`${LATE} (ImagePullBackOff)`],
    ],
    [
      'that waits to be scheduled',
      [pod('a', { status: { phase: 'Pending', containerStatuses: undefined } })],
      [`${LATE} (Pending)`],
    ],
    [
      'that has ended',
      [pod('a', { status: { phase: 'Failed' } })],
      ['Failed the pod has ended (Failed)'],
    ],
    [
      'that is being deleted',
      [pod('a', { metadata: { ...pod('a').object.metadata, deletionTimestamp: 't' } })],
      ['Failed the pod is gone'],
    ],
  ])('one %s has its own end, and the others have theirs', async (_, held, ends) => {
    await claim({ hooks: HOOKS }, ['a', 'b']);
    await runBatch([...held, pod('b')]);
    expect(await endsOf('a')).toEqual(ends);
    expect(await endsOf('b')).toEqual(['Succeeded', 'Succeeded']);
    expect(ran).toEqual(['b: one', 'b: two']);
  });

  test('is waited for until it is ready, where a hook asks for that', async () => {
    const [first] = HOOKS.resources[0]?.postHooks ?? [];
    const exec = { ...first?.exec, command: ['x'], waitForReady: true, waitTimeout: '1m' };
    const hooks = { resources: [{ name: 'load', postHooks: [{ exec }] }] };
    await claim({ hooks }, ['a']);
    const held = [pod('a', { status: { containerStatuses: [{ ...RUNNING, ready: false }] } })];
    const beats: HeartbeatProgress[] = [];
    const signal = AbortSignal.timeout(30_000);
    const done = runBatch(held, { signal, onBeat: (beat) => beats.push(beat) });
    await expect
      .poll(() => beats.at(-1)?.waitingFor, { timeout: 10_000 })
      .toMatchObject({
        reason: 'the hooks of 1 pod: copy/a (container main: it runs and is not ready)',
      });
    expect(ran).toEqual([]);
    held[0] = pod('a');
    await done;
    expect(ran).toEqual(['a: x']);
  });
});

test('what was not run is told with what kept it, and what was cut short with that', async () => {
  await claim({ hooks: HOOKS }, ['a', 'b']);
  const held = [pod('a'), pod('b')];
  const controller = new AbortController();
  const run = ({ pod: name, command }: ExecTarget): ExecEnd => {
    if (name === 'b' && command[0] === 'two') {
      controller.abort(new Error('cancelled'));
      controller.signal.throwIfAborted();
    }
    return name === 'a' ? unreachable() : EXITED;
  };
  const { signal } = controller;
  await expect(runBatch(held, { run, signal })).rejects.toThrow('cancelled');
  const finish = {
    ...{ ...RUN, shards: [], ending: { kind: 'cancelled' } as const },
    completionTimestamp: '2026-01-01T00:01:00Z',
  };
  const report = await readHookEnds(store, { ...finish, hooks: { batches: 1 } });
  expect(report.errors).toEqual([
    'the hooks of the pod copy/a were not run to their end: the restore ended before',
    'the hooks of the pod copy/b were not run to their end: the restore ended before',
  ]);
  expect(report.pods[1]?.runs).toMatchObject([{ outcome: 'Succeeded', command: ['one'] }]);
  const failure = { code: 'cluster-unreachable', message: 'it is away' } as const;
  const told = await readHookEnds(store, { ...finish, hooks: { batches: 1, failure } });
  expect(told.errors[0]).toContain('it is away');
  expect(await readHookEnds(store, finish)).toMatchObject({ pods: [], failed: 0 });
});

test('hooks are counted, and the results quote what of a restored pod cannot be used', async () => {
  const files = new HookFiles(store, BATCH);
  const message = 'annotation x is "5x", which is no duration such as 30s';
  const run = {
    ...({ namespace: 'copy', pod: 'a', phase: 'post', source: 'annotations' } as const),
    ...({ onError: 'Fail', outcome: 'Failed', message, places: ['annotation x'] } as const),
    ...{ startTimestamp: '2026-01-01T00:00:00Z', completionTimestamp: '2026-01-01T00:00:01Z' },
  };
  await files.writeEnds([{ namespace: 'copy', pod: 'a', isDone: true, runs: [run] }]);
  const report = await readHookEnds(store, {
    ...{ ...RUN, shards: [], ending: { kind: 'applied' }, hooks: { batches: 1 } },
    completionTimestamp: '2026-01-01T00:01:00Z',
  });
  expect(report).toMatchObject({ failed: 1, summary: { attempted: 1, failed: 1 } });
  expect(report.errors).toEqual([expect.stringContaining('is "5x"')]);
});
