import {
  CancellationScope,
  isCancellation,
  log,
  patched,
  workflowInfo,
} from '@temporalio/workflow';

import type { FinishRestoreInput, RestoreRun } from '../activities/contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { RestoreEnding } from '../domain/restore/restore-result.ts';
import type { RestoreResult } from '../domain/restore.ts';
import { type Activities, activitiesOf } from './activity-profiles.ts';
import type { RestoreInput } from './contract.ts';
import { type Apply, applyBackup, awaitPlugins, type Progress } from './restore-apply.ts';
import { runRestoreHooks } from './restore-hooks.ts';
import { newsOf } from './run-news.ts';
import { openRun } from './run-open.ts';
import { endPlugins, openAfter, pluginsOf } from './run-plugins.ts';
import { reportOf, trackRun } from './run-tracker.ts';

/** Restores of earlier releases did not open gates at their end. */
const OPENS_GATES = 'opens-gates';

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
 * - `InProgress` / volumes: before the first wave with pods, children of the run write the data of the claims that the
 *   restore has made; after the last wave that of volumes that restored pods have of their own, which wait for it.
 * - `InProgress` / relink: objects that had owners get them again, by the uids that the owners have now.
 * - `InProgress` / hooks: commands are run in restored pods, as soon as these run. One that fails ends the further ones of
 *   its pod, if it says so, and nothing else.
 * - `InProgress` / plugins: before each wave with items that plugins see, a child of the run asks them.
 * - `WaitingForPluginOperations` / operations: a child of the run waits until what plugins began has ended;
 *   `WaitingForPluginOperationsPartiallyFailed` where something has failed before.
 * - `Finalizing`, or `FinalizingPartiallyFailed` / report: what became of each item is written to the location, and the result, which ends the run.
 * - `Completed`, `PartiallyFailed` (items failed, and the report says which), `Failed`, `Cancelled`: ended. What had
 *   been applied stays in the cluster and carries the restore's mark.
 */
export async function restore(input: RestoreInput): Promise<RestoreResult> {
  const { location, name, spec, specDigest } = input;
  const run: RestoreRun = { location, name, runUid: workflowInfo().runId };
  const activities = activitiesOf(spec.cluster, input.patienceMs);
  const tracker = trackRun();
  const { startTimestamp } = tracker;

  const takeOver = { of: pluginsOf('Restore', input, run), left: [] };
  const news = newsOf({ kind: 'Restore', location, name, spec }, startTimestamp);
  const step = {
    open: () =>
      openAfter(takeOver, (taken) =>
        activities
          .short('Read the backup, check the request, claim the name')
          .openRestore({ ...run, ...taken, spec, specDigest, startTimestamp }),
      ),
    release: () =>
      activities.cleanUp('Give the name back').cleanRestore({ ...run, scope: 'claim' }),
  };
  await news.opening(() => openRun(step, tracker));
  const progress: Progress = { applied: [], volumeBatches: 0 };
  const ending = await attempt(async () => {
    if (spec.planDigest !== undefined) {
      await checkPlan(run, { activities, tracker });
    }
    await applyBackup(input, run, { activities, tracker, progress });
    await runRestoreHooks(run, { activities, tracker, progress });
    await awaitPlugins(input, run, { activities, tracker, progress });
  });
  return CancellationScope.nonCancellable(async () => {
    if (progress.hasGates === true && patched(OPENS_GATES)) {
      await openGates(run, activities);
    }
    const left = await endRest(input, run, { ending, tracker });
    const phase = ending.kind === 'applied' ? tracker.partly('Finalizing') : 'Finalizing';
    tracker.enter('report', phase, 'writing the report');
    const result = await news.ending(() =>
      activities.long(`Write the report: ${ending.kind}`).finishRestore({
        ...run,
        shards: progress.applied,
        ...(progress.volumeBatches === 0 ? {} : { volumeBatches: progress.volumeBatches }),
        ...(progress.relinkAttempt === undefined ? {} : { relinkAttempt: progress.relinkAttempt }),
        ...(progress.hooks === undefined ? {} : { hooks: progress.hooks }),
        ...pluginsField(progress, [...takeOver.left, ...left]),
        ending,
        completionTimestamp: recordTime(Date.now()),
        phases: tracker.phases(),
      }),
    );
    const { created } = result.counts;
    tracker.end(result.phase, `${String(created)} of ${String(result.items)} items created`);
    const mayGoOn = left.length + (progress.plugins?.notCancelled ?? []).length > 0;
    await activities.cleanUp('Remove the plan').cleanRestore({
      ...{ ...run, scope: 'work' },
      ...(mayGoOn ? { keepsPlugins: true } : {}),
    });
    return result;
  });
}

/** What the report has to say of plugins. */
function pluginsField(
  { plugins }: Progress,
  left: readonly FailureReport[],
): Pick<FinishRestoreInput, 'plugins'> {
  if (plugins === undefined && left.length === 0) {
    return {};
  }
  const { rounds = [], planned, notCancelled = [] } = plugins ?? {};
  const operations = planned === undefined ? {} : { operations: planned };
  return { plugins: { rounds, notCancelled: [...left, ...notCancelled], ...operations } };
}

/** Ends what plugins may have begun for a restore that failed or was cancelled; says what could not be ended. */
async function endRest(
  input: RestoreInput,
  run: RestoreRun,
  { ending, tracker }: Pick<Apply, 'tracker'> & { ending: RestoreEnding },
): Promise<readonly FailureReport[]> {
  if (ending.kind === 'applied') {
    return [];
  }
  const { failures } = await endPlugins(pluginsOf('Restore', input, run), tracker);
  return failures;
}

/** Lets pods start whose data comes no more. Those that cannot be told now start by themselves after a day. */
async function openGates(run: RestoreRun, activities: Activities): Promise<void> {
  try {
    await activities.cleanUp('Let pods start that still wait for data').openGates(run);
  } catch (error) {
    log.warn('pods that wait for data were not told to start', { code: reportOf(error).code });
  }
}

/** Fails unless the restore would do what the plan says that it is bound to. */
async function checkPlan(
  run: RestoreRun,
  { activities, tracker }: Pick<Apply, 'activities' | 'tracker'>,
): Promise<void> {
  tracker.enter('plan', 'InProgress', 'comparing the cluster with the plan');
  await activities.long('Compare the cluster with the plan').checkPlan(run);
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
