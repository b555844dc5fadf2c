import { CancellationScope, isCancellation, log, workflowInfo } from '@temporalio/workflow';

import type {
  AppliedShard,
  PlanRestoreResult,
  RestoreRun,
  RestoreWave,
} from '../activities/contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { RestoreEnding } from '../domain/restore/restore-result.ts';
import type { RestoreResult } from '../domain/restore.ts';
import { type Activities, activitiesOf } from './activity-profiles.ts';
import type { RestoreInput } from './contract.ts';
import { inPool } from './pool.ts';
import { openRun } from './run-open.ts';
import { reportOf, type RunTracker, trackRun } from './run-tracker.ts';

/** Shards of one wave that are applied at the same time. */
const SHARDS_IN_FLIGHT = 2;
/** Waves that together have no more items than this are applied by one activity, one after the other. */
const SMALL_WAVES_ITEMS_MAX = 500;

/**
 * One restore. Its states:
 *
 * - `New` / open: the backup's record is read, the request is checked, the name is claimed. A refused request ends
 *   here and leaves nothing.
 * - `InProgress` / plan: the backup's index becomes waves of shards; a restore that is bound to a plan is compared with
 *   it before.
 * - `InProgress` / apply: wave by wave, shards of a wave at the same time. A wave begins when what it needs of the
 *   one before is there: definitions established, namespaces active.
 *   What could not be applied because a webhook, an aggregated API or an object on its way out was in the way, is put
 *   aside and applied after the last wave, when what it waits for may have been restored.
 * - `InProgress` / relink: objects that had owners get them again, by the uids that the owners have now.
 * - `Finalizing` / report: what became of each item is written to the location, and the result, which ends the run.
 * - `Completed`, `PartiallyFailed` (items failed, and the report says which), `Failed`, `Cancelled`: ended. What had
 *   been applied stays in the cluster and carries the restore's mark.
 */
export async function restore(input: RestoreInput): Promise<RestoreResult> {
  const { location, name, spec, specDigest } = input;
  const run: RestoreRun = { location, name, runUid: workflowInfo().runId };
  const activities = activitiesOf(spec.cluster, input.patienceMs);
  const tracker = trackRun();
  const { startTimestamp } = tracker;

  await openRun(
    {
      open: () =>
        activities
          .short('Read the backup, check the request, claim the name')
          .openRestore({ ...run, spec, specDigest, startTimestamp }),
      release: () =>
        activities.cleanUp('Give the name back').cleanRestore({ ...run, scope: 'claim' }),
    },
    tracker,
  );
  const progress: Progress = { applied: [] };
  const ending = await attempt(async () => {
    if (spec.planDigest !== undefined) {
      await checkPlan(run, { activities, tracker });
    }
    await applyBackup(run, { activities, tracker, progress });
  });
  return CancellationScope.nonCancellable(async () => {
    tracker.enter('report', 'Finalizing', 'writing the report');
    const result = await activities.long(`Write the report: ${ending.kind}`).finishRestore({
      ...run,
      shards: progress.applied,
      ...(progress.relinkAttempt === undefined ? {} : { relinkAttempt: progress.relinkAttempt }),
      ending,
      completionTimestamp: recordTime(Date.now()),
    });
    const { created } = result.counts;
    tracker.end(result.phase, `${String(created)} of ${String(result.items)} items created`);
    await activities.cleanUp('Remove the plan').cleanRestore({ ...run, scope: 'work' });
    return result;
  });
}

/** What has ended so far, so that a run that fails or is cancelled can tell it. */
interface Progress {
  readonly applied: AppliedShard[];
  relinkAttempt?: string;
}

interface Apply {
  readonly activities: Activities;
  readonly tracker: RunTracker;
  readonly progress: Progress;
}

/** Fails unless the restore would do what the plan says that it is bound to. */
async function checkPlan(
  run: RestoreRun,
  { activities, tracker }: Pick<Apply, 'activities' | 'tracker'>,
): Promise<void> {
  tracker.enter('plan', 'InProgress', 'comparing the cluster with the plan');
  await activities.long('Compare the cluster with the plan').checkPlan(run);
}

async function applyBackup(run: RestoreRun, apply: Apply): Promise<void> {
  const { activities, tracker } = apply;
  tracker.enter('plan', 'InProgress', 'ordering the items of the backup');
  const plan = await activities.long('Order the items into waves').planRestore(run);
  tracker.plan(plan.items);
  for (const step of gatherWaves(plan.waves)) {
    const words = `${step.names} · ${String(step.items)} items`;
    tracker.enter('apply', 'InProgress', `applying ${words}`);
    await applyStep(run, { ...apply, plan, step, words });
  }
  await applyDeferred(run, { ...apply, plan });
  await relink(run, apply);
}

/** What a webhook or an aggregated API could not answer for, now that what serves them may have been restored. */
async function applyDeferred(
  run: RestoreRun,
  { activities, tracker, progress, plan }: Apply & { plan: PlanRestoreResult },
): Promise<void> {
  const shards = progress.applied.filter(({ deferred }) => deferred > 0);
  if (shards.length === 0) {
    return;
  }
  const items = shards.reduce((sum, { deferred }) => sum + deferred, 0);
  const words = `${String(items)} items that were put aside`;
  tracker.enter('apply', 'InProgress', `applying ${words}`);
  const applied = await activities.long(`Apply ${words}`).applyDeferred({
    ...{ ...run, planAttempt: plan.attempt },
    shards: shards.map(({ shard, attempt }) => ({ shard, attempt })),
  });
  progress.applied.push(applied);
  tracker.advance(applied.items);
}

/** The owners that restored objects had, by the uids of now. */
async function relink(run: RestoreRun, { activities, tracker, progress }: Apply): Promise<void> {
  const shards = progress.applied.filter(({ owned }) => owned > 0);
  if (shards.length === 0) {
    return;
  }
  tracker.enter('relink', 'InProgress', 'giving restored objects their owners');
  const { attempt } = await activities
    .long('Set the owner references')
    .relinkOwners({ ...run, shards });
  progress.relinkAttempt = attempt;
}

/** Waves that one call applies in their order, or one wave in parallel parts. */
interface ApplyStep {
  readonly names: string;
  readonly items: number;
  readonly parts: readonly (readonly number[])[];
}

async function applyStep(
  run: RestoreRun,
  {
    activities,
    tracker,
    progress,
    plan,
    step,
    words,
  }: Apply & {
    plan: PlanRestoreResult;
    step: ApplyStep;
    words: string;
  },
): Promise<void> {
  await inPool(step.parts, SHARDS_IN_FLIGHT, async (shards) => {
    const hasDeferred = progress.applied.some(({ deferred }) => deferred > 0);
    const result = await activities.long(`Apply ${words}`).applyShards({
      ...{ ...run, planAttempt: plan.attempt, shards },
      ...(hasDeferred ? { hasDeferred } : {}),
    });
    progress.applied.push(...result.shards);
    tracker.advance(result.shards.reduce((sum, { items }) => sum + items, 0));
  });
}

/** Small neighbours share a call: a hop costs more than their items. */
function gatherWaves(waves: readonly RestoreWave[]): ApplyStep[] {
  const steps: { names: string; items: number; parts: number[][]; isSmall: boolean }[] = [];
  for (const { name, items, firstShard, shards } of waves) {
    const numbers = Array.from({ length: shards }, (_, index) => firstShard + index);
    const last = steps.at(-1);
    if (last?.isSmall === true && last.items + items <= SMALL_WAVES_ITEMS_MAX) {
      last.names += `, ${name}`;
      last.items += items;
      last.parts[0]?.push(...numbers);
    } else {
      const isSmall = items <= SMALL_WAVES_ITEMS_MAX;
      const parts = isSmall ? [numbers] : numbers.map((shard) => [shard]);
      steps.push({ names: name, items, parts, isSmall });
    }
  }
  return steps;
}

async function attempt(apply: () => Promise<void>): Promise<RestoreEnding> {
  try {
    await apply();
    return { kind: 'applied' };
  } catch (error) {
    if (isCancellation(error)) {
      return { kind: 'cancelled' };
    }
    const failure = reportOf(error);
    log.warn('restore failed', { code: failure.code, subject: failure.subject });
    return { kind: 'failed', failure };
  }
}
