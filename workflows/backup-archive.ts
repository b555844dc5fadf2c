import type {
  BackupRun,
  PlanBackupResult,
  VerifiedBackup,
  WrittenShard,
} from '../activities/contract.ts';
import type { Activities } from './activity-profiles.ts';
import { inPool } from './pool.ts';
import type { RunTracker } from './run-tracker.ts';

/** Shards of one run that are exported at the same time; other runs get their turn between them. */
const SHARDS_IN_FLIGHT = 3;

/** What the steps of a run work with. */
export interface Steps {
  readonly activities: Activities;
  readonly tracker: RunTracker;
}

export type Written = VerifiedBackup;

interface Planned {
  readonly run: BackupRun;
  readonly plan: PlanBackupResult;
}

/** Exports the objects: the whole archive of a small backup, else its shards. */
export async function exportObjects(
  { run, plan }: Planned,
  steps: Steps,
): Promise<Written | readonly WrittenShard[]> {
  if (plan.shards > 0) {
    return exportShards({ run, plan }, steps);
  }
  const summary = `Write and read back about ${String(plan.items)} items`;
  steps.tracker.enter('export', 'InProgress', summary);
  const written = await steps.activities.long(summary).writeSmallBackup(run);
  steps.tracker.advance(written.archive.items);
  return written;
}

/** Joins shards into the archive and reads it back; the archive of a small backup is finished. */
export async function finishArchive(
  run: BackupRun,
  exported: Written | readonly WrittenShard[],
  { activities, tracker }: Steps,
): Promise<Written> {
  if ('archive' in exported) {
    return exported;
  }
  tracker.enter('assemble', 'InProgress', 'joining the shards into the archive');
  const { items } = await activities
    .long('Join the shards')
    .assembleBackup({ ...run, shards: exported });
  tracker.enter('verify', 'Verifying', `reading back ${String(items)} items`);
  return activities.long('Read the archive back').verifyBackup({
    ...run,
    items,
    shards: exported.map(({ shard, attempt }) => ({ shard, attempt })),
  });
}

/** Exports what is selected, and then what that refers to. */
async function exportShards(
  { run, plan }: Planned,
  { activities, tracker }: Steps,
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
