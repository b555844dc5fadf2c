import {
  CancellationScope,
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';

import type { HookedPodInput, ThawPodInput } from '../activities/hook-contract.ts';
import type { LocatedPod, VolumeEnd, VolumeRun } from '../activities/volume-contract.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { HookEnds } from '../domain/hooks/hook-ends.ts';
import { partDetails } from '../domain/run-details.ts';
import { freezeGuardWorkflowId } from '../domain/workflow-id.ts';
import type { Activities } from './activity-profiles.ts';
import { FREEZE_GUARD_WORKFLOW, type FreezeGuardInput, thawedSignal } from './contract.ts';
import type { freezeGuard } from './freeze-guard.ts';
import { reportOf } from './run-tracker.ts';

/** What the hooks of one pod need. */
export interface HookedStep {
  readonly run: VolumeRun & { readonly batch: number };
  readonly cluster: string;
  readonly patienceMs: number;
  readonly activities: Activities;
  readonly located: LocatedPod;
  /** Whether it took the place of a pod that was gone; it is not looked for a third time. */
  readonly isAgain?: boolean;
}

/** How the volumes and the hooks of a pod ended. */
export interface HookedEnd {
  readonly ends: readonly VolumeEnd[];
  readonly hooks: HookEnds;
  /** The pod that took its place before anything was begun, whose hooks are to be run instead. */
  readonly replacedBy?: LocatedPod;
}

/**
 * Copies the volumes of a pod between its pre and its post hooks. The pod is thawed however the copies end; where not even
 * this workflow is left, its guard thaws it, or else the sweeper of a worker. A pre hook that must not fail and does
 * keeps the volumes from being copied.
 */
export async function copyHooked(
  step: HookedStep,
  copy: () => Promise<VolumeEnd[]>,
): Promise<HookedEnd> {
  const { activities, located } = step;
  const input = { ...podOf(step), podUid: located.uid };
  const guard = await startGuard(step);
  // A pre hook that was cut off may go on, until it is known to have ended.
  const pre: PreHooks = { known: { mayFreezeYet: true } };
  let frozen: FrozenAndCopied;
  let thawed: ThawEnd;
  try {
    frozen = await freezeAndCopy(step, copy, pre);
  } finally {
    thawed = await CancellationScope.nonCancellable(async () => {
      const end = await thaw(activities, {
        input: { ...input, ...pre.known },
        name: located.name,
      });
      if (!end.isFrozenStill) {
        await release(guard);
      }
      return end;
    });
  }
  const { isFirst, post } = thawed;
  const { hooks, ...others } = frozen;
  const isHeld = hooks.isHeld && isFirst;
  const { pod, isAgain } = input;
  return {
    ...others,
    hooks: { pod, ...(isAgain === true ? { isAgain } : {}), ...post, ...hooks, isHeld },
  };
}

/** Which pod is meant, and whether by the place that it took. */
function podOf({ run, located, isAgain }: HookedStep): HookedPodInput {
  return { ...run, pod: located.pod, ...(isAgain === true ? { isAgain } : {}) };
}

interface FrozenAndCopied extends Pick<HookedEnd, 'ends' | 'replacedBy'> {
  readonly hooks: Omit<HookEnds, 'pod'>;
}

/** What is known of the pre hooks of a pod when it is thawed. */
interface PreHooks {
  known: Pick<ThawPodInput, 'isBegun' | 'mayFreezeYet'>;
}

async function freezeAndCopy(
  step: HookedStep,
  copy: () => Promise<VolumeEnd[]>,
  pre: PreHooks,
): Promise<FrozenAndCopied> {
  const { activities, located } = step;
  const { name, volumes } = located;
  const failed = (failure: FailureReport): readonly VolumeEnd[] =>
    volumes.map((volume) => ({ volume, failure }));
  let frozen;
  try {
    frozen = await activities.long(`Run the pre hooks of ${name}`).freezePod(podOf(step));
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    const failure = reportOf(error);
    return { ends: failed(failure), hooks: { isHeld: false, failure } };
  }
  const { attempt: preAttempt, failure, isFrozen, isBegun, mayFreezeYet = false } = frozen;
  pre.known = { mayFreezeYet, ...(isBegun === undefined ? {} : { isBegun }) };
  const replacedBy = frozen.isGone === true ? await findAgain(step) : undefined;
  if (replacedBy !== undefined) {
    pre.known = { isBegun: false };
    return { ends: [], hooks: { isHeld: false }, replacedBy };
  }
  return failure === undefined
    ? {
        ends: await copy(),
        hooks: { preAttempt, isHeld: isFrozen, ...(isFrozen ? {} : { isExcused: true }) },
      }
    : { ends: failed(failure), hooks: { preAttempt, isHeld: false } };
}

/** Looks once for the pod that took the place of one that is gone; where that fails, the pod stays gone. */
async function findAgain(step: HookedStep): Promise<LocatedPod | undefined> {
  const { activities, located } = step;
  if (step.isAgain === true) {
    return undefined;
  }
  const { name } = located;
  try {
    const found = await activities
      .long(`Plan the hooks of what took the place of ${name}`)
      .replanPod(podOf(step));
    // Nothing is sent as null.
    return found ?? undefined;
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    log.warn('a pod that is gone was not looked for', { name, code: reportOf(error).code });
    return undefined;
  }
}

interface ThawEnd {
  readonly isFirst: boolean;
  /** Whether guard and sweeper have to thaw the pod yet. */
  readonly isFrozenStill: boolean;
  readonly post: Pick<HookEnds, 'postAttempt' | 'failure'>;
}

/** Runs the post hooks; where that fails, guard and sweeper are left. */
async function thaw(
  activities: Activities,
  { input, name }: { readonly input: ThawPodInput; readonly name: string },
): Promise<ThawEnd> {
  try {
    const {
      attempt,
      isFirst,
      isFrozenStill = false,
    } = await activities.long(`Run the post hooks of ${name}`).thawPod(input);
    return { isFirst, isFrozenStill, post: attempt === undefined ? {} : { postAttempt: attempt } };
  } catch (error) {
    const failure = reportOf(error);
    log.warn('the post hooks of a pod could not be run', { name, code: failure.code });
    return { isFirst: false, isFrozenStill: true, post: { failure } };
  }
}

type Guard = ChildWorkflowHandle<typeof freezeGuard>;

/** Where there is nothing to undo there is nothing to guard. */
async function startGuard(step: HookedStep): Promise<Guard | undefined> {
  const { cluster, patienceMs, located } = step;
  const { uid: podUid, name, thawAfterMs } = located;
  if (thawAfterMs === undefined) {
    return undefined;
  }
  const { runUid } = step.run;
  const input: FreezeGuardInput = { cluster, podUid, runUid, name, thawAfterMs, patienceMs };
  return startChild<typeof freezeGuard>(FREEZE_GUARD_WORKFLOW, {
    workflowId: freezeGuardWorkflowId(workflowInfo().workflowId, { podUid, runUid }),
    args: [input],
    staticSummary: `Thaws ${name} if nobody else does`,
    staticDetails: partDetails(step.run, cluster),
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.ABANDON,
  });
}

async function release(guard: Guard | undefined): Promise<void> {
  try {
    await guard?.signal(thawedSignal);
  } catch (error) {
    // One that has ended has thawed the pod itself.
    log.info('the guard of a freeze has ended', { code: reportOf(error).code });
  }
}
