import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { FailureReport } from '../../domain/failure.ts';
import {
  type Freeze,
  freezeTimes,
  type HookPod,
  type StoredFreeze,
} from '../../domain/hooks/freeze.ts';
import type { ExecHook, PlannedHook } from '../../domain/hooks/hook.ts';
import { type HookRun, hookWords } from '../../domain/hooks/hook-run.ts';
import { backupFolder, hookRunsKey } from '../../domain/object-key.ts';
import type { HookedPod } from '../../domain/volumes/volume-plan.ts';
import { backupWorkflowId } from '../../domain/workflow-id.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { FrozenPod, HookedPodInput } from '../hook-contract.ts';
import { Freezes } from './freezes.ts';
import { hookedPodOf } from './hooked-pod.ts';
import { isFatal, runHooks } from './run-hooks.ts';
import { thawPod, type Thawer } from './thaw.ts';

const ATTEMPT_BYTES = 6;
/** Pause between two looks at a pod that another backup has frozen. */
const LOOK_MS = 1000;
/** How long whoever thaws a pod is left to it. */
const RESPECT_MS = 60_000;

/** See `HookActivities.freezePod`. */
export function freezePod(deps: Dependencies, input: HookedPodInput): Promise<FrozenPod> {
  return withHeartbeat(async (long) => {
    const hooked = await hookedPodOf(deps, input);
    const undo = hooked.post.filter(isRunnable);
    if (hooked.pre.length > 0 && undo.length > 0) {
      await noteFreeze(deps, { input, hooked, undo }, long);
    }
    const { pod, pre: hooks } = hooked;
    const of = { pod, phase: 'pre', hooks, stopsAtFailure: true } as const;
    const runs = await runHooks(deps.cluster, of, long.signal);
    const attempt = randomBytes(ATTEMPT_BYTES).toString('hex');
    const key = { ...input, phase: 'pre', attempt } as const;
    await writeJsonGz(deps.store(input.location), hookRunsKey(backupFolder(input.name), key), runs);
    const fatal = runs.find(isFatal);
    const isBegun = hooks.length === 0 || runs.some(({ isNotBegun }) => isNotBegun !== true);
    if (!isBegun) {
      await forgetFreeze(deps, input, pod);
    }
    return {
      ...{ attempt, isBegun },
      isFrozen: runs.every(({ outcome }) => outcome === 'Succeeded'),
      ...(fatal === undefined ? {} : { failure: failureOf(fatal) }),
    };
  });
}

/** What was never begun has left nothing to undo. */
async function forgetFreeze(
  { cluster, namespace }: Dependencies,
  { runUid }: HookedPodInput,
  { uid }: HookPod,
): Promise<void> {
  const freezes = new Freezes(cluster, namespace);
  const stored = await freezes.read(uid);
  if (stored?.freeze.runUid === runUid) {
    await freezes.forget(stored);
  }
}

function isRunnable(hook: PlannedHook): hook is ExecHook {
  return hook.kind === 'exec';
}

function failureOf(run: HookRun): FailureReport {
  return {
    code: 'hook-failed',
    message: `the ${hookWords(run)} failed: ${run.message ?? ''}`,
    subject: `pod ${run.namespace}/${run.pod}`,
  };
}

interface Noted {
  readonly input: HookedPodInput;
  readonly hooked: HookedPod;
  readonly undo: readonly ExecHook[];
}

/** Notes the freeze of a pod, when nothing that was frozen before is left. */
async function noteFreeze(
  deps: Dependencies,
  { input, hooked, undo }: Noted,
  long: LongWork,
): Promise<void> {
  const freezes = new Freezes(deps.cluster, deps.namespace);
  const { location, name, runUid } = input;
  const by = `the backup ${name}`;
  const thawer = { freezes, cluster: deps.cluster, by, signal: long.signal, respectMs: RESPECT_MS };
  for (;;) {
    const freeze: Freeze = {
      ...{ pod: hooked.pod, run: backupWorkflowId({ location, name }), runUid, undo },
      ...freezeTimes(Date.now(), hooked.thawAfterMs),
    };
    if (await freezes.note(freeze)) {
      return;
    }
    const stored = await freezes.read(hooked.pod.uid, long.signal);
    if (stored === undefined) {
      continue;
    }
    if (stored.thawing.thawed !== undefined) {
      await freezes.forget(stored);
    } else if (isLeft(stored, runUid)) {
      await thawLeft(hooked.pod.uid, thawer);
    } else {
      await pauseFor(stored, long);
    }
  }
}

/** Whether a freeze is left by an earlier attempt, by one who could not undo it, or past its deadline. */
function isLeft({ freeze, thawing }: StoredFreeze, runUid: string): boolean {
  const isOver = Date.parse(freeze.deadline) <= Date.now();
  return freeze.runUid === runUid || isOver || (thawing.tries ?? 0) > 0;
}

/** Undoes what is left. Where that fails once more the pod is frozen anew, which says whether it is frozen still. */
async function thawLeft(podUid: string, thawer: Thawer): Promise<void> {
  const end = await thawPod(podUid, thawer);
  const stored = end.kind === 'Thawed' ? await thawer.freezes.read(podUid) : undefined;
  if (stored !== undefined) {
    await thawer.freezes.forget(stored);
  }
}

/** Waits a little for a backup that has frozen the pod. */
async function pauseFor({ freeze }: StoredFreeze, { wait, signal }: LongWork): Promise<void> {
  const { pod, run, deadline } = freeze;
  const reason = `the pod ${pod.namespace}/${pod.name} is frozen by ${run}`;
  const endWait = wait({ reason, deadline });
  await sleep(LOOK_MS, undefined, { signal }).finally(endWait);
}
