import { Context } from '@temporalio/activity';

import { writeSmallArchive } from '../../storage/format/archive.ts';
import { verifyArchive } from '../../storage/format/verify-archive.ts';
import type { ArchiveResult, BackupRun } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { buildPlan } from './build-plan.ts';
import { exportPages } from './export-pages.ts';
import { MIXED_LISTING_ATTEMPT } from './export-shard.ts';

/** See `ClusterActivities.writeSmallBackup`. */
export function writeSmallBackup(deps: Dependencies, run: BackupRun): Promise<ArchiveResult> {
  return withHeartbeat(async ({ signal, report }) => {
    const store = deps.store(run.location);
    const plan = await buildPlan(deps.cluster, run.spec);
    const pages = exportPages(deps.cluster, {
      spec: run.spec,
      units: plan.shards.flatMap((shard) => shard.units),
      presentTypes: plan.presentTypes,
      signal,
      isMixedAllowed: Context.current().info.attempt >= MIXED_LISTING_ATTEMPT,
    });
    const onProgress = (itemsDone: number, bytesDone: number): void => {
      report({ itemsDone, bytesDone });
    };
    const { name, runUid } = run;
    const { items } = await writeSmallArchive(store, { name, runUid, pages, signal, onProgress });
    const archive = await verifyArchive(store, { name, runUid, items, onProgress, signal });
    return { archive, warnings: 0 };
  });
}
