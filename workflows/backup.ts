import { CancellationScope, isCancellation, log, workflowInfo } from '@temporalio/workflow';

import type { BackupRun, PlanBackupResult, WrittenShard } from '../activities/contract.ts';
import { type BackupProblems, type BackupResult, countProblems } from '../domain/backup.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { ArchiveProof } from '../domain/stored-run.ts';
import { type Activities, activitiesOf } from './activity-profiles.ts';
import type { BackupInput } from './contract.ts';
import { inPool } from './pool.ts';
import { openRun } from './run-open.ts';
import { reportOf, type RunTracker, trackRun } from './run-tracker.ts';

/** Shards of one run that are exported at the same time; other runs get their turn between them. */
const SHARDS_IN_FLIGHT = 3;

/**
 * One backup. Its states:
 *
 * - `New` / open: request and name are checked, the name is claimed in the location. A refused request ends here
 *   and leaves nothing.
 * - `InProgress` / plan, export, assemble: what is there is counted and cut into shards, the shards are written,
 *   with one more for what their objects refer to, and joined into the archive. A small backup does all this in one
 *   activity.
 * - `Verifying` / verify: the archive is read again and compared with the index, and with what should be in it.
 * - `Finalizing` / commit: the record is written. From here on the backup exists and cannot be cancelled.
 * - `Completed`, `PartiallyFailed` (something is missing, and the record says what), `Failed`, `Cancelled`: ended.
 *   A run that failed or was cancelled after it was opened leaves a record that says so, and no archive.
 */
export async function backup(input: BackupInput): Promise<BackupResult> {
  const { location, name, spec, specDigest } = input;
  const run: BackupRun = { location, name, runUid: workflowInfo().runId };
  const activities = activitiesOf(spec.cluster, input.patienceMs);
  const tracker = trackRun();
  const { startTimestamp } = tracker;

  await openRun(
    {
      open: () =>
        activities
          .short('Check the request, claim the name')
          .openBackup({ ...run, spec, specDigest, startTimestamp }),
      release: () =>
        activities.cleanUp('Give the name back').cleanBackup({ ...run, scope: 'claim' }),
    },
    tracker,
  );
  const ending = await attempt(() => writeArchive(run, activities, tracker));
  const result = resultOf(ending, startTimestamp);
  await CancellationScope.nonCancellable(() =>
    commit({ run, result, ending }, activities, tracker),
  );
  return result;
}

/** How the part of a backup that may fail or be cancelled has ended. */
type Ending =
  | ({ readonly kind: 'written' } & Written)
  | { readonly kind: 'failed'; readonly failure: FailureReport }
  | { readonly kind: 'cancelled' };

interface Written {
  readonly archive: ArchiveProof;
  readonly problems: BackupProblems;
}

async function writeArchive(
  run: BackupRun,
  activities: Activities,
  tracker: RunTracker,
): Promise<Written> {
  tracker.enter('plan', 'InProgress', 'discovering and counting what there is');
  const plan = await activities.long('Discover, count and cut shards').planBackup(run);
  tracker.plan(plan.items);
  if (plan.shards === 0) {
    const summary = `Write and read back about ${String(plan.items)} items`;
    tracker.enter('export', 'InProgress', summary);
    return activities.long(summary).writeSmallBackup(run);
  }
  const shards = await exportShards({ run, plan }, activities, tracker);
  tracker.enter('assemble', 'InProgress', 'joining the shards into the archive');
  const { items } = await activities.long('Join the shards').assembleBackup({ ...run, shards });
  tracker.enter('verify', 'Verifying', `reading back ${String(items)} items`);
  return activities.long('Read the archive back').verifyBackup({
    ...run,
    items,
    shards: shards.map(({ shard, attempt }) => ({ shard, attempt })),
  });
}

/** Exports what is selected, and then what that refers to. */
async function exportShards(
  { run, plan }: { run: BackupRun; plan: PlanBackupResult },
  activities: Activities,
  tracker: RunTracker,
): Promise<WrittenShard[]> {
  tracker.enter('export', 'InProgress', `exporting ${String(plan.shards)} shards`);
  const shards = await inPool([...Array(plan.shards).keys()], SHARDS_IN_FLIGHT, async (shard) => {
    const summary = `Export shard ${String(shard + 1)} of ${String(plan.shards)}`;
    const written = await activities.long(summary).exportShard({ ...run, shard });
    tracker.advance(written.items);
    return written;
  });
  if (!plan.hasRelated) {
    return shards;
  }
  const references = shards.map(({ shard, attempt }) => ({ shard, attempt }));
  const related = await activities
    .long('Export what they refer to')
    .exportRelated({ ...run, shards: references });
  tracker.advance(related.items);
  return [...shards, related];
}

async function attempt(write: () => Promise<Written>): Promise<Ending> {
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
    const { archive, problems } = ending;
    const { items, sizeBytes: archiveBytes } = archive;
    const { errors, warnings } = countProblems(problems);
    return {
      phase: errors > 0 ? 'PartiallyFailed' : 'Completed',
      ...times,
      items,
      archiveBytes,
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
  readonly run: BackupRun;
  readonly result: BackupResult;
  readonly ending: Ending;
}

async function commit(step: Commit, activities: Activities, tracker: RunTracker): Promise<void> {
  const { run, result, ending } = step;
  tracker.enter('commit', 'Finalizing', 'writing the record');
  if (ending.kind !== 'written') {
    await activities.cleanUp('Remove what was written').cleanBackup({ ...run, scope: 'files' });
  }
  await activities.cleanUp(`Write the record: ${result.phase}`).commitBackup({
    ...run,
    result,
    ...(ending.kind === 'written' ? { archive: ending.archive } : {}),
  });
  const reason = result.failure === undefined ? '' : `, ${result.failure.message}`;
  tracker.end(result.phase, `${String(result.items)} items${reason}`);
  if (ending.kind === 'written') {
    await activities.cleanUp('Remove plan and shards').cleanBackup({ ...run, scope: 'work' });
  }
}
