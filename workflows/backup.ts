import { CancellationScope, isCancellation, log, workflowInfo } from '@temporalio/workflow';

import type { AskedPlugins, BackupRun } from '../activities/contract.ts';
import type { PlanVolumesResult } from '../activities/volume-contract.ts';
import { type BackupResult, countProblems, joinProblems } from '../domain/backup.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import { type Activities, activitiesOf } from './activity-profiles.ts';
import {
  type AnsweredPlugins,
  askPlugins,
  awaitOperations,
  endPlugins,
  openAfter,
  pluginsOf,
} from './run-plugins.ts';
import { exportObjects, finishArchive, type Steps, type Written } from './backup-archive.ts';
import type { BackupInput, PluginCancelResult } from './contract.ts';
import { newsOf, type RunNews } from './run-news.ts';
import { openRun } from './run-open.ts';
import { reportOf, type RunTracker, trackRun } from './run-tracker.ts';
import { moveBatches } from './start-volumes.ts';
import { together } from './together.ts';

/**
 * One backup. Its states:
 *
 * - `New` / open: request and name are checked, the name is claimed in the location. A refused request ends here
 *   and leaves nothing.
 * - `InProgress` / plan, export, assemble: what is there is counted and cut into shards, the shards are written,
 *   with one more for what their objects refer to, and joined into the archive. A small backup does all this in one
 *   activity.
 * - `InProgress` / plugins: where plugins are registered, a child of the run asks them about the items.
 * - `InProgress` / volumes: beside the export, children of the run copy the data of volumes, batch by batch, and run the
 *   hooks of pods around the copies of their volumes.
 * - `WaitingForPluginOperations` / operations: a child of the run waits until what plugins began has ended;
 *   `WaitingForPluginOperationsPartiallyFailed` where something has failed before.
 * - `Verifying` / verify: the archive is read again and compared with the index, and with what should be in it.
 * - `Finalizing`, or `FinalizingPartiallyFailed` / commit: the record is written. From here on the backup exists and cannot be cancelled.
 * - `Completed`, `PartiallyFailed` (something is missing, and the record says what), `Failed`, `Cancelled`: ended.
 *   A run that failed or was cancelled after it was opened leaves a record that says so, and no archive.
 */
export async function backup(input: BackupInput): Promise<BackupResult> {
  const { location, name, spec, specDigest } = input;
  const run: BackupRun = { location, name, runUid: workflowInfo().runId };
  const activities = activitiesOf(spec.cluster, input.patienceMs);
  const tracker = trackRun();
  const { startTimestamp } = tracker;

  const takeOver = { of: pluginsOf('Backup', input, run), left: [] };
  const news = newsOf({ kind: 'Backup', location, name, spec }, startTimestamp);
  const step = {
    open: () =>
      openAfter(takeOver, (taken) =>
        activities
          .short('Check the request, claim the name')
          .openBackup({ ...run, ...taken, spec, specDigest, startTimestamp }),
      ),
    release: () => activities.cleanUp('Give the name back').cleanBackup({ ...run, scope: 'claim' }),
  };
  await news.opening(() => openRun(step, tracker));
  const ending = await attempt(() => writeBackup(input, run, { activities, tracker }));
  const result = withWarnings(resultOf(ending, startTimestamp), {
    ...{ failures: takeOver.left, operations: 0 },
  });
  await CancellationScope.nonCancellable(() =>
    commit({ input, run, result, ending, news }, activities, tracker),
  );
  return result;
}

/** Chooses the volumes and has them copied. */
async function copyVolumes(
  { spec, patienceMs }: BackupInput,
  { plugins, ...run }: BackupRun & AskedPlugins,
  { activities, tracker }: Steps,
): Promise<PlanVolumesResult> {
  const { volumes, batches } = await activities
    .long('Choose the volumes')
    .planVolumes({ ...run, ...(plugins === undefined ? {} : { plugins }) });
  tracker.volumes({ total: volumes, batches });
  await moveBatches(
    {
      ...{ run: { ...run, kind: 'Backup' }, cluster: spec.cluster, first: 0, count: batches },
      ...(patienceMs === undefined ? {} : { patienceMs }),
    },
    (batch, moved) => {
      tracker.batchEnded(batch, moved);
    },
  );
  return { volumes, batches };
}

type WrittenBackup = Written & Pick<BackupResult, 'volumes' | 'hooks' | 'operations'>;

/** How the part of a backup that may fail or be cancelled has ended. */
type Ending =
  | ({ readonly kind: 'written' } & WrittenBackup)
  | { readonly kind: 'failed'; readonly failure: FailureReport }
  | { readonly kind: 'cancelled' };

/** Objects, data and what plugins do, at the same time where they can be; what is known of all comes together at the end. */
async function writeBackup(
  input: BackupInput,
  run: BackupRun,
  steps: Steps,
): Promise<WrittenBackup> {
  const { activities, tracker } = steps;
  tracker.enter('plan', 'InProgress', 'discovering and counting what there is');
  const plan = await activities.long('Discover, count and cut shards').planBackup(run);
  tracker.plan(plan.items);
  const asked =
    plan.hasPlugins === true
      ? await askPlugins(pluginsOf('Backup', input, run), tracker)
      : undefined;
  const plugins = asked === undefined ? {} : { plugins: asked.rounds };
  const hasVolumes = plan.hasVolumes || asked?.addsVolumes === true;
  const [exported, chosen] = await together(
    async () => {
      const objects = await exportObjects({ run, plan, ...plugins }, steps);
      if (hasVolumes) {
        tracker.enter('volumes', 'InProgress', 'copying volumes');
      }
      return objects;
    },
    async () => (hasVolumes ? copyVolumes(input, { ...run, ...plugins }, steps) : undefined),
  );
  const done = asked && (await endOperations(input, { run, asked }, steps));
  const written = await finishArchive({ ...run, hasVolumes }, exported, steps);
  const copied = chosen && (await recordVolumes(run, chosen, activities));
  const problems = [written, done, copied].flatMap((part) => part?.problems ?? []);
  return { ...written, ...done, ...copied, problems: joinProblems(problems) };
}

/** Waits for the operations of plugins, and has recorded what became of them and of what plugins answered. */
async function endOperations(
  input: BackupInput,
  { run, asked }: { readonly run: BackupRun; readonly asked: AnsweredPlugins },
  steps: Steps,
): Promise<Pick<WrittenBackup, 'operations' | 'problems'>> {
  const { rounds } = asked;
  const ended =
    asked.operations + asked.voids > 0
      ? await awaitOperations(pluginsOf('Backup', input, run), asked, steps.tracker)
      : undefined;
  const problems = await steps.activities.long('Record what plugins did').recordPlugins({
    ...{ ...run, rounds, notCancelled: ended?.notCancelled ?? [] },
    ...(ended === undefined ? {} : { operations: ended.planned }),
    ...(ended?.uncancelled === undefined ? {} : { uncancelled: ended.uncancelled }),
  });
  if (ended === undefined) {
    return { problems };
  }
  const { completed, failed } = ended;
  return { problems, operations: { completed, failed } };
}

/** Has recorded what became of the volumes, and of the hooks around their copies. */
async function recordVolumes(
  run: BackupRun,
  chosen: PlanVolumesResult,
  activities: Activities,
): Promise<Pick<WrittenBackup, 'volumes' | 'hooks' | 'problems'>> {
  const { problems, hooks, ...recorded } = await activities
    .long('Record the copies of volumes')
    .recordVolumes({ ...run, batches: chosen.batches });
  const { volumes: copied, files, bytes } = recorded;
  return {
    problems,
    volumes: { copied, failed: chosen.volumes - copied, files, bytes },
    ...(hooks === undefined ? {} : { hooks }),
  };
}

async function attempt(write: () => Promise<WrittenBackup>): Promise<Ending> {
  try {
    return { kind: 'written', ...(await write()) };
  } catch (error) {
    if (isCancellation(error)) {
      return { kind: 'cancelled' };
    }
    const failure = reportOf(error);
    log.warn('backup failed', { code: failure.code, subject: failure.subject });
    return { kind: 'failed', failure };
  }
}

function resultOf(ending: Ending, startTimestamp: string): BackupResult {
  const times = { startTimestamp, completionTimestamp: recordTime(Date.now()) };
  if (ending.kind === 'written') {
    const { archive, problems, volumes, hooks, operations } = ending;
    const { items, sizeBytes: archiveBytes } = archive;
    const { errors, warnings } = countProblems(problems);
    return {
      phase: errors > 0 ? 'PartiallyFailed' : 'Completed',
      ...times,
      items,
      archiveBytes,
      ...(volumes === undefined ? {} : { volumes }),
      ...(hooks === undefined ? {} : { hooks }),
      ...(operations === undefined ? {} : { operations }),
      warnings,
      errors,
      ...(errors + warnings > 0 ? { problems } : {}),
    };
  }
  const nothing = { ...times, items: 0, archiveBytes: 0, warnings: 0 };
  return ending.kind === 'cancelled'
    ? { phase: 'Cancelled', ...nothing, errors: 0 }
    : { phase: 'Failed', ...nothing, errors: 1, failure: ending.failure };
}

interface Commit {
  readonly input: BackupInput;
  readonly run: BackupRun;
  readonly result: BackupResult;
  readonly ending: Ending;
  readonly news: RunNews;
}

async function commit(step: Commit, activities: Activities, tracker: RunTracker): Promise<void> {
  const { run, ending, news } = step;
  const phase = step.result.errors > 0 ? 'FinalizingPartiallyFailed' : 'Finalizing';
  tracker.enter('commit', phase, 'writing the record');
  const result = await news.ending(() => writeRecord(step, activities, tracker));
  const reason = result.failure === undefined ? '' : `, ${result.failure.message}`;
  tracker.end(result.phase, `${String(result.items)} items${reason}`);
  if (ending.kind === 'written') {
    await activities.cleanUp('Remove plan and shards').cleanBackup({ ...run, scope: 'work' });
  }
}

/** Gives the result as the record has it. */
async function writeRecord(
  step: Commit,
  activities: Activities,
  tracker: RunTracker,
): Promise<BackupResult> {
  const { run, ending } = step;
  let { result } = step;
  if (ending.kind !== 'written') {
    const left = await endPlugins(pluginsOf('Backup', step.input, run), tracker);
    result = withWarnings(result, left);
    await activities.cleanUp('Remove what was written').cleanBackup({
      ...{ ...run, scope: 'files' },
      ...(left.isUnknown === true ? { keepsPlugins: true } : {}),
    });
  }
  await activities.cleanUp(`Write the record: ${result.phase}`).commitBackup({
    ...run,
    result,
    ...(ending.kind === 'written' ? { archive: ending.archive } : {}),
    phases: tracker.phases(),
  });
  return result;
}

function withWarnings(
  result: BackupResult,
  { failures, operations: failed }: PluginCancelResult,
): BackupResult {
  if (failures.length === 0) {
    return result;
  }
  const { problems: known = { errors: [], warnings: [] } } = result;
  const problems = joinProblems([known, { errors: [], warnings: failures }]);
  return {
    ...result,
    ...(failed === 0 ? {} : { operations: { completed: 0, failed } }),
    warnings: countProblems(problems).warnings,
    problems,
  };
}
