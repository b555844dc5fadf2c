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

import type { ThawPodInput } from '../activities/hook-contract.ts';
import type { LocatedPod, VolumeEnd, VolumeRun } from '../activities/volume-contract.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { HookEnds } from '../domain/hooks/hook-ends.ts';
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
}

/** How the volumes and the hooks of a pod ended. */
export interface HookedEnd {
  readonly ends: readonly VolumeEnd[];
  readonly hooks: HookEnds;
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
  const { run, activities, located } = step;
  const input = { ...run, pod: located.pod, podUid: located.uid };
  const guard = await startGuard(step);
  // A pre hook that was cut off may go on, until it is known to have ended.
  const pre: PreHooks = { known: { mayFreezeYet: true } };
  let frozen: { ends: readonly VolumeEnd[]; hooks: Omit<HookEnds, 'pod'> };
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
  const { ends, hooks } = frozen;
  return { ends, hooks: { pod: located.pod, ...post, ...hooks, isHeld: hooks.isHeld && isFirst } };
}

/** What is known of the pre hooks of a pod when it is thawed. */
interface PreHooks {
  known: Pick<ThawPodInput, 'isBegun' | 'mayFreezeYet'>;
}

async function freezeAndCopy(
  { run, activities, located }: HookedStep,
  copy: () => Promise<VolumeEnd[]>,
  pre: PreHooks,
): Promise<{ ends: readonly VolumeEnd[]; hooks: Omit<HookEnds, 'pod'> }> {
  const { pod, name, volumes } = located;
  const failed = (failure: FailureReport): readonly VolumeEnd[] =>
    volumes.map((volume) => ({ volume, failure }));
  let frozen;
  try {
    frozen = await activities.long(`Run the pre hooks of ${name}`).freezePod({ ...run, pod });
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    const failure = reportOf(error);
    return { ends: failed(failure), hooks: { isHeld: false, failure } };
  }
  const { attempt: preAttempt, failure, isFrozen, isBegun, mayFreezeYet = false } = frozen;
  pre.known = { mayFreezeYet, ...(isBegun === undefined ? {} : { isBegun }) };
  return failure === undefined
    ? {
        ends: await copy(),
        hooks: { preAttempt, isHeld: isFrozen, ...(isFrozen ? {} : { isExcused: true }) },
      }
    : { ends: failed(failure), hooks: { preAttempt, isHeld: false } };
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
