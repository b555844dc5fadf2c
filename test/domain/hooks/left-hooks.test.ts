import { expect, test } from 'vitest';

import type { ExecHook } from '../../../domain/hooks/hook.ts';
import type { HookRun } from '../../../domain/hooks/hook-run.ts';
import { leftHooks } from '../../../domain/hooks/left-hooks.ts';

// Goal: no hook that was planned goes untold: it has a run, or the pod says why it has none.

const HOOK: ExecHook = {
  ...{ kind: 'exec', source: 'annotations', container: 'db', command: ['x'], onError: 'Fail' },
  timeoutMs: 30_000,
};
const POD = { pre: [HOOK, HOOK], post: [HOOK] };

function run(phase: HookRun['phase'], more: Partial<HookRun> = {}): HookRun {
  return {
    ...{ namespace: 'shop', pod: 'db-0', phase, source: 'annotations', onError: 'Fail' },
    ...{ startTimestamp: '2026-01-01T00:00:00Z', completionTimestamp: '2026-01-01T00:00:01Z' },
    outcome: 'Succeeded',
    ...more,
  };
}

test('nothing is said of a pod all of whose hooks were run', () => {
  expect(leftHooks(POD, {}, [run('pre'), run('pre'), run('post')])).toEqual({});
  expect(leftHooks({ pre: [], post: [] }, {}, [])).toEqual({});
});

test('pre hooks behind one that failed, and post hooks of pre hooks that were not begun, are named', () => {
  expect(leftHooks(POD, {}, [run('pre', { outcome: 'Failed' }), run('post')])).toEqual({
    notRun: ['1 pre hook: a hook before them failed'],
  });
  expect(leftHooks(POD, {}, [run('pre', { outcome: 'Failed', isNotBegun: true })])).toEqual({
    notRun: [
      '1 pre hook: a hook before them failed',
      '1 post hook: no pre hook was begun, so that there is nothing to undo',
    ],
  });
});

test('pre hooks that nothing would undo are named', () => {
  const post = [HOOK, { ...HOOK, kind: 'bad', fault: 'x' }] as const;
  const runs = [run('post', { outcome: 'Failed', isNotBegun: true, places: [] })];
  expect(leftHooks({ ...POD, post }, {}, runs)).toEqual({
    notRun: [
      '2 pre hooks: a post hook of the pod cannot be used, so that nothing would undo them',
      '1 post hook: no pre hook was begun, so that there is nothing to undo',
    ],
  });
});

test('post hooks of which nobody knows what they gave are a failure', () => {
  expect(leftHooks(POD, {}, [run('pre'), run('pre')])).toMatchObject({
    failure: { code: 'hook-failed' },
  });
});

test('hooks that a failure kept back are named with it', () => {
  const failure = { code: 'cluster-unreachable', message: 'it does not answer' } as const;
  expect(leftHooks(POD, { failure }, [run('post')])).toEqual({
    ...{ failure, notRun: ['2 pre hooks: it does not answer'] },
  });
});
