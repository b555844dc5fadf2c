import { setTimeout as sleep } from 'node:timers/promises';

import type { FailureReport } from '../../domain/failure.ts';
import {
  type Freeze,
  freezeTimes,
  type HookPod,
  type StoredFreeze,
} from '../../domain/hooks/freeze.ts';
import type { ExecHook, PlannedHook } from '../../domain/hooks/hook.ts';
import { type HookRun, hookWords, reasonOf } from '../../domain/hooks/hook-run.ts';
import { backupFolder, hookRunsKey } from '../../domain/object-key.ts';
import type { HookedPod } from '../../domain/volumes/volume-plan.ts';
import { backupWorkflowId } from '../../domain/workflow-id.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import { newAttempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { FrozenPod, HookedPodInput } from '../hook-contract.ts';
import { readPod } from '../volumes/pods.ts';
import { Freezes } from './freezes.ts';
import { hookedPodOf } from './hooked-pod.ts';
import { type HooksOfPod, isFatal, runHooks } from './run-hooks.ts';
import { undoFreeze, type Thawer } from './undo-freeze.ts';

/** Pause between two looks at a pod that another backup has frozen. */
const LOOK_MS = 1000;
/** How long whoever thaws a pod is left to it. */
const RESPECT_MS = 60_000;

/** See `HookActivities.freezePod`. */
export function freezePod(deps: Dependencies, input: HookedPodInput): Promise<FrozenPod> {
  return withHeartbeat(async (long) => {
    const hooked = await hookedPodOf(deps, input);
    const { undo, isThawable, isNoted } = undoOf(hooked);
    const noted: Noted = { input, hooked, undo };
    const wasFrozen = isNoted && (await noteFreeze(deps, noted, long));
    const runs = await runHooks(deps.cluster, hooksBefore(hooked, isThawable), long.signal);
    const late = isNoted ? await lateFailure(deps, noted, long) : undefined;
    const attempt = newAttempt();
    const key = { ...input, phase: 'pre', attempt } as const;
    await writeJsonGz(deps.store(input.location), hookRunsKey(backupFolder(input.name), key), runs);
    const fatal = runs.find(isThawable ? isFatal : isFailed);
    const hasBegun = wasFrozen || runs.some(wasBegun);
    const isBegun = hasBegun || hooked.pre.length === 0;
    if (!isBegun) {
      await forgetFreeze(deps, input, hooked.pod);
    }
    return {
      ...{ attempt, isBegun },
      ...(hasBegun ? {} : await goneWord(deps, hooked.pod, long.signal)),
      ...lateWord(runs),
      isFrozen: late === undefined && runs.every(({ outcome }) => outcome === 'Succeeded'),
      ...failing(fatal === undefined ? late : failureOf(fatal)),
    };
  });
}

function lateWord(runs: readonly HookRun[]): Pick<FrozenPod, 'mayFreezeYet'> {
  return runs.some(({ mayGoOn }) => mayGoOn === true) ? { mayFreezeYet: true } : {};
}

/** What undoes the pre hooks, whether all of it can be run, and whether there is anything to note. */
function undoOf({ pre, post }: HookedPod) {
  const undo = post.filter(isRunnable);
  const isThawable = pre.length === 0 || undo.length === post.length;
  return { undo, isThawable, isNoted: isThawable && pre.length > 0 && undo.length > 0 };
}

function failing(failure: FailureReport | undefined): { failure?: FailureReport } {
  return failure === undefined ? {} : { failure };
}

/**
 * What pre hooks have frozen after the pod was thawed at its deadline, or after somebody began to, is undone at once:
 * nobody else would.
 */
async function lateFailure(
  { cluster, namespace }: Dependencies,
  { input, hooked, undo }: Noted,
  { signal }: LongWork,
): Promise<FailureReport | undefined> {
  const { pod } = hooked;
  const stored = await new Freezes(cluster, namespace).read(pod.uid, signal);
  if (stored?.freeze.runUid === input.runUid && stored.thawing.first === undefined) {
    return undefined;
  }
  await runHooks(cluster, { pod, phase: 'post', hooks: undo, stopsAtFailure: false }, signal);
  const name = `${pod.namespace}/${pod.name}`;
  return {
    code: 'hook-failed',
    message: `the pre hooks of the pod ${name} took longer than the time after which it is thawed; raise holdfast.dev/thaw-after`,
    subject: `pod ${name}`,
  };
}

/** The pre hooks; where a post hook cannot be run nothing would undo them, and its fault is told instead. */
function hooksBefore({ pod, pre, post }: HookedPod, isThawable: boolean): HooksOfPod {
  return isThawable
    ? { pod, phase: 'pre', hooks: pre, stopsAtFailure: true }
    : {
        pod,
        phase: 'post',
        hooks: post.filter(({ kind }) => kind === 'bad'),
        stopsAtFailure: false,
      };
}

function wasBegun({ isNotBegun }: HookRun): boolean {
  return isNotBegun !== true;
}

function isFailed({ outcome }: HookRun): boolean {
  return outcome === 'Failed';
}

/** Says whether a pod is not there any more; another one may have its name. */
async function goneWord(
  { cluster }: Dependencies,
  pod: HookPod,
  signal: AbortSignal,
): Promise<Pick<FrozenPod, 'isGone'>> {
  const live = await readPod(cluster, pod, signal);
  return live?.uid === pod.uid ? {} : { isGone: true };
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
    message: `the ${hookWords(run)} failed: ${reasonOf(run)}`,
    subject: `pod ${run.namespace}/${run.pod}`,
  };
}

interface Noted {
  readonly input: HookedPodInput;
  readonly hooked: HookedPod;
  readonly undo: readonly ExecHook[];
}

/** Notes the freeze of a pod, when nothing that was frozen before is left; says whether there was anything of it. */
async function noteFreeze(
  deps: Dependencies,
  { input, hooked, undo }: Noted,
  long: LongWork,
): Promise<boolean> {
  const freezes = new Freezes(deps.cluster, deps.namespace);
  let wasFrozen = false;
  const { location, name, runUid } = input;
  const by = `the backup ${name}`;
  const thawer = { freezes, cluster: deps.cluster, by, signal: long.signal, respectMs: RESPECT_MS };
  for (;;) {
    const freeze: Freeze = {
      ...{ pod: hooked.pod, run: backupWorkflowId({ location, name }), runUid, undo },
      ...freezeTimes(Date.now(), hooked.thawAfterMs),
    };
    if (await freezes.note(freeze)) {
      return wasFrozen;
    }
    const stored = await freezes.read(hooked.pod.uid, long.signal);
    if (stored === undefined) {
      continue;
    }
    if (stored.thawing.thawed !== undefined) {
      await freezes.forget(stored);
    } else if (isLeft(stored, runUid)) {
      wasFrozen = true;
      if (!(await thawLeft(hooked.pod.uid, thawer))) {
        await pauseFor(stored, long);
      }
    } else {
      await pauseFor(stored, long);
    }
  }
}

/** Whether a freeze is left by an earlier attempt, by one who could not undo it, or past its deadline. */
function isLeft({ freeze, thawing }: StoredFreeze, runUid: string): boolean {
  const { tries = 0, mayFreezeYet = false } = thawing;
  const isOver = Date.parse(freeze.deadline) <= Date.now();
  return freeze.runUid === runUid || isOver || tries > 0 || mayFreezeYet;
}

/**
 * Undoes what is left, unless another one is at it. Where that fails once more the pod is frozen anew, which says whether
 * it is frozen still; the new note has the same undo.
 */
async function thawLeft(podUid: string, thawer: Thawer): Promise<boolean> {
  const end = await undoFreeze(podUid, thawer);
  const stored = end.kind === 'Thawed' ? await thawer.freezes.read(podUid) : undefined;
  if (stored !== undefined) {
    await thawer.freezes.forget(stored);
  }
  return end.kind !== 'Claimed';
}

/** Waits a little for a backup that has frozen the pod. */
async function pauseFor({ freeze }: StoredFreeze, { wait, signal }: LongWork): Promise<void> {
  const { pod, run, deadline } = freeze;
  const reason = `the pod ${pod.namespace}/${pod.name} is frozen by ${run}`;
  const endWait = wait({ reason, deadline });
  await sleep(LOOK_MS, undefined, { signal }).finally(endWait);
}
