import { type ExportPlan, SMALL_BACKUP_ITEMS_MAX } from '../../domain/export-plan.ts';
import { backupFolder, planKey } from '../../domain/object-key.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import type { BackupRun, PlanBackupResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { buildPlan } from './build-plan.ts';

/** See `ClusterActivities.planBackup`. */
export async function planBackup(
  { cluster, store }: Dependencies,
  run: BackupRun,
): Promise<PlanBackupResult> {
  const plan = await buildPlan(cluster, run.spec);
  const { items, shards, failedGroups } = plan;
  const isSmall = items <= SMALL_BACKUP_ITEMS_MAX;
  if (!isSmall) {
    await writeJsonGz(store(run.location), planKey(backupFolder(run.name), run.runUid), plan);
  }
  return { items, shards: isSmall ? 0 : shards.length, failedGroups: failedGroups.length };
}

/** The plan that `planBackup` stored. Throws `object-missing`. */
export async function readPlan(deps: Dependencies, run: BackupRun): Promise<ExportPlan> {
  const key = planKey(backupFolder(run.name), run.runUid);
  // The object under this key was written by `planBackup` of the same run.
  return (await readJsonGz(deps.store(run.location), key)) as ExportPlan;
}
