import { type ExportPlan, SMALL_BACKUP_ITEMS_MAX } from '../../domain/export-plan.ts';
import { backupFolder, backupKeys, planKey } from '../../domain/object-key.ts';
import type { StoredBackup } from '../../domain/stored-run.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import { readOwnClaim } from '../claim-name.ts';
import type { BackupRun, PlanBackupResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { buildPlan } from './build-plan.ts';

/** See `ClusterActivities.planBackup`. */
export function planBackup(deps: Dependencies, run: BackupRun): Promise<PlanBackupResult> {
  return withHeartbeat(async ({ signal }) => {
    const store = deps.store(run.location);
    const claim = await readOwnClaim(store, backupKeys(run.name).claim, run.runUid);
    // The claim of a run that `openBackup` opened is a backup's.
    const { spec } = claim.stored as StoredBackup;
    const { plan, problems } = await buildPlan(deps.cluster, spec, signal);
    await writeJsonGz(store, planKey(backupFolder(run.name), run.runUid), plan);
    const { items, shards } = plan;
    const isSmall = items <= SMALL_BACKUP_ITEMS_MAX;
    return { items, shards: isSmall ? 0 : shards.length, problems };
  });
}

/** The plan that `planBackup` stored. Throws `object-missing`. */
export async function readPlan(deps: Dependencies, run: BackupRun): Promise<ExportPlan> {
  const key = planKey(backupFolder(run.name), run.runUid);
  // The object under this key was written by `planBackup` of the same run.
  return (await readJsonGz(deps.store(run.location), key)) as ExportPlan;
}
