import type {
  AskedPlugins,
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

interface Planned extends AskedPlugins {
  readonly run: BackupRun;
  readonly plan: PlanBackupResult;
}

/** Exports the objects: the whole archive of a small backup, else its shards. */
export async function exportObjects(
  planned: Planned,
  steps: Steps,
): Promise<Written | readonly WrittenShard[]> {
  const { run, plan } = planned;
  if (plan.shards > 0) {
    return exportShards(planned, steps);
  }
  const summary = `Write and read back about ${String(plan.items)} items`;
  steps.tracker.enter('export', 'InProgress', summary);
  const written = await steps.activities.long(summary).writeSmallBackup(run);
  steps.tracker.advance(written.archive.items);
  return written;
}

/** Joins shards into the archive and reads it back; the archive of a small backup is finished. */
export async function finishArchive(
  { hasVolumes, ...run }: BackupRun & { readonly hasVolumes: boolean },
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
    ...(hasVolumes ? { hasVolumes } : {}),
    shards: exported.map(({ shard, attempt }) => ({ shard, attempt })),
  });
}

/** Exports what is selected, and then what that refers to. */
async function exportShards(
  { run, plan, plugins }: Planned,
  { activities, tracker }: Steps,
): Promise<WrittenShard[]> {
  const asked = plugins === undefined ? {} : { plugins };
  tracker.enter('export', 'InProgress', `exporting ${String(plan.shards)} shards`);
  const shards = await inPool([...Array(plan.shards).keys()], SHARDS_IN_FLIGHT, async (shard) => {
    const summary = `Export shard ${String(shard + 1)} of ${String(plan.shards)}`;
    const written = await activities.long(summary).exportShard({ ...run, ...asked, shard });
    tracker.advance(written.items);
    tracker.failed(written.errors ?? 0);
    return written;
  });
  if (!plan.hasRelated && plugins === undefined) {
    return shards;
  }
  const references = shards.map(({ shard, attempt }) => ({ shard, attempt }));
  const related = await activities
    .long('Export what they refer to')
    .exportRelated({ ...run, ...asked, shards: references });
  tracker.advance(related.items);
  tracker.failed(related.errors ?? 0);
  return [...shards, related];
}
