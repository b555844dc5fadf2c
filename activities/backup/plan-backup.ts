import { Context } from '@temporalio/activity';

import { type ExportPlan, SMALL_BACKUP_ITEMS_MAX } from '../../domain/export-plan.ts';
import { Failure } from '../../domain/failure.ts';
import { backupFolder, backupKeys, planKey } from '../../domain/object-key.ts';
import { backupActionsOf } from '../../domain/plugins/plugin-action.ts';
import type { StoredBackup } from '../../domain/stored-run.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import { readOwnClaim } from '../claim-name.ts';
import type { BackupRun, PlanBackupResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { readPlugins } from '../plugins/registry.ts';
import { buildPlan } from './build-plan.ts';
import { checkRequest } from './check-request.ts';

const LAST_RESORT_ATTEMPT = 3;

/** See `ClusterActivities.planBackup`. */
export function planBackup(deps: Dependencies, run: BackupRun): Promise<PlanBackupResult> {
  return withHeartbeat(async ({ signal }) => {
    const { spec } = await readBackupClaim(deps, run);
    const check = await checkRequest(deps, spec, signal);
    if (check.kind === 'refused') {
      // The cluster has changed since the open step.
      const { code, message, subject } = check.failure;
      throw new Failure(code, message, subject === undefined ? {} : { subject });
    }
    const built = await buildPlan(deps.cluster, check.request, { signal, isPatient: isPatient() });
    const plugins = await readPlugins(deps);
    const hasPlugins = built.items > 0 && backupActionsOf(plugins).length > 0;
    const plan: ExportPlan = hasPlugins ? { ...built, plugins } : built;
    const key = planKey(backupFolder(run.name), run.runUid);
    await writeJsonGz(deps.store(run.location), key, plan);
    const { items, shards, selection } = plan;
    const isSmall = items <= SMALL_BACKUP_ITEMS_MAX;
    return {
      items,
      shards: isSmall && !hasPlugins ? 0 : shards.length,
      hasRelated: selection.related.length > 0,
      hasVolumes: plan.hasVolumes,
      ...(hasPlugins ? { hasPlugins } : {}),
    };
  });
}

/**
 * Whether what fails is left to another attempt. From the third on a listing may be of several moments, and a type that
 * fails is told.
 */
export function isPatient(): boolean {
  return Context.current().info.attempt < LAST_RESORT_ATTEMPT;
}

/** The claim of a run, which holds its spec. Throws `precondition-failed`. */
export async function readBackupClaim(deps: Dependencies, run: BackupRun): Promise<StoredBackup> {
  const key = backupKeys(run.name).claim;
  const { stored } = await readOwnClaim(deps.store(run.location), key, run.runUid);
  // The claim of a run that `openBackup` opened is a backup's.
  return stored as StoredBackup;
}

/** The plan that `planBackup` stored. Throws `object-missing`. */
export async function readPlan(deps: Dependencies, run: BackupRun): Promise<ExportPlan> {
  const key = planKey(backupFolder(run.name), run.runUid);
  // The object under this key was written by `planBackup` of the same run.
  return (await readJsonGz(deps.store(run.location), key)) as ExportPlan;
}
