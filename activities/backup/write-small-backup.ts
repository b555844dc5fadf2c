import { Context } from '@temporalio/activity';

import { writeSmallArchive } from '../../storage/format/archive.ts';
import { verifyArchive } from '../../storage/format/verify-archive.ts';
import type { BackupRun, SmallBackupResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { exportPages } from './export-pages.ts';
import { MIXED_LISTING_ATTEMPT } from './export-shard.ts';
import { readPlan } from './plan-backup.ts';
import { ProblemList } from './problem-list.ts';

/** See `ClusterActivities.writeSmallBackup`. */
export function writeSmallBackup(deps: Dependencies, run: BackupRun): Promise<SmallBackupResult> {
  return withHeartbeat(async ({ signal, report }) => {
    const { name, runUid } = run;
    const store = deps.store(run.location);
    const plan = await readPlan(deps, run);
    const units = plan.shards.flatMap((shard) => shard.units);
    const problems = new ProblemList();
    const isMixedAllowed = Context.current().info.attempt >= MIXED_LISTING_ATTEMPT;
    const pages = exportPages(deps.cluster, { plan, units, signal, isMixedAllowed, problems });
    const onProgress = (itemsDone: number, bytesDone: number): void => {
      report({ itemsDone, bytesDone });
    };
    const { items } = await writeSmallArchive(store, { name, runUid, pages, signal, onProgress });
    const archive = await verifyArchive(store, { name, runUid, items, onProgress, signal });
    return { archive, problems: problems.all() };
  });
}
