import { backupKeys, restoreKeys } from '../domain/object-key.ts';
import { assembleBackup } from './backup/assemble-backup.ts';
import { commitBackup } from './backup/commit-backup.ts';
import { exportRelated, exportShard } from './backup/export-shard.ts';
import { openBackup } from './backup/open-backup.ts';
import { planBackup } from './backup/plan-backup.ts';
import { previewBackup } from './backup/preview-backup.ts';
import { verifyBackup } from './backup/verify-backup.ts';
import { writeSmallBackup } from './backup/write-small-backup.ts';
import { beginDeletion } from './begin-deletion.ts';
import { cleanRun } from './clean-run.ts';
import type {
  CleanInput,
  ClusterActivities,
  CommitBackupInput,
  FinishRestoreInput,
} from './contract.ts';
import { deleteRun } from './delete-run.ts';
import type { Dependencies, OwnDependencies, WorkerDependencies } from './dependencies.ts';
import { checkWorker } from './diagnosis/check-worker.ts';
import { findVolumeNodes } from './diagnosis/find-volume-nodes.ts';
import { freezePod } from './hooks/freeze-pod.ts';
import { replanPod } from './hooks/replan-pod.ts';
import { thawOverdue } from './hooks/thaw-overdue.ts';
import { thawPod } from './hooks/thaw-pod.ts';
import { planPluginDeletion } from './plugins/plan-plugin-deletion.ts';
import { planPluginCalls } from './plugins/plan-plugin-calls.ts';
import { readPluginCall, storePluginAnswer } from './plugins/plugin-calls.ts';
import {
  planPluginOperations,
  readPluginOperations,
  storePluginOperations,
} from './plugins/plugin-operations.ts';
import { keepPluginOperations, recordPlugins } from './plugins/record-plugins.ts';
import { tellingEnd, tellingOpen } from './notifications/told-runs.ts';
import { checkPlugin } from './plugins/check-plugin.ts';
import { listPlugins } from './plugins/list-plugins.ts';
import { readPlugin } from './plugins/read-plugin.ts';
import { removePlugin } from './plugins/remove-plugin.ts';
import { storePlugin } from './plugins/store-plugin.ts';
import { findSnapshotOrphans } from './reconcile/find-snapshot-orphans.ts';
import { findOrphans } from './reconcile/find-orphans.ts';
import { removeLeft } from './reconcile/remove-left.ts';
import { redactFailures } from './redact-failures.ts';
import { withKnownLocation } from './known-location.ts';
import { applyDeferred } from './restore/apply-deferred.ts';
import { applyShards } from './restore/apply-shards.ts';
import { checkPlan } from './restore/check-plan.ts';
import { planRestoreHooks } from './restore-hooks/plan-restore-hooks.ts';
import { runRestoreHooks } from './restore-hooks/run-restore-hooks.ts';
import { finishRestore } from './restore/finish-restore.ts';
import { openRestore } from './restore/open-restore.ts';
import { planRestore } from './restore/plan-restore.ts';
import { previewRestore } from './restore/preview-restore.ts';
import { relinkOwners } from './restore/relink-owners.ts';
import { planRetention } from './schedules/plan-retention.ts';
import { forgetSnapshots } from './volumes/forget-snapshots.ts';
import { acquireLeases, findClosedHolders, releaseLeases } from './volumes/leases.ts';
import { locateVolumes } from './volumes/locate-volumes.ts';
import { mountVolume, unmountVolume } from './volumes/mount-volume.ts';
import { planVolumes } from './volumes/plan-volumes.ts';
import {
  checkRepository,
  listRepositoryLocks,
  pruneRepository,
  unlockRepository,
} from './volumes/maintain-repository.ts';
import { openGates } from './volumes/open-gates.ts';
import { planVolumeRestore } from './volumes/plan-volume-restore.ts';
import {
  recordRestoredVolumes,
  recordVolumeEnds,
  recordVolumes,
} from './volumes/record-volumes.ts';

/** The steps of which the cluster is told. */
const TOLD = {
  openBackup: tellingOpen('Backup', openBackup),
  openRestore: tellingOpen('Restore', openRestore),
  commitBackup: tellingEnd('Backup', {
    end: commitBackup,
    endedOf: ({ result }: CommitBackupInput) => result,
  }),
  finishRestore: tellingEnd('Restore', {
    end: finishRestore,
    endedOf: (_: FinishRestoreInput, result) => result,
  }),
};

/** The activities of a cluster's worker, each with its failures redacted. */
export function createActivities(deps: WorkerDependencies): ClusterActivities {
  const { bind, bindOwn } = binders(deps);
  return {
    openBackup: bindOwn(TOLD.openBackup),
    planBackup: bind(planBackup),
    writeSmallBackup: bind(writeSmallBackup),
    exportShard: bind(exportShard),
    exportRelated: bind(exportRelated),
    assembleBackup: bind(assembleBackup),
    verifyBackup: bind(verifyBackup),
    previewBackup: bind(previewBackup),
    planRetention: bindOwn(planRetention),
    findOrphans: bindOwn(findOrphans),
    ...{ findSnapshotOrphans: bind(findSnapshotOrphans), removeLeft: bindOwn(removeLeft) },
    commitBackup: bind(TOLD.commitBackup),
    cleanBackup: bind(cleanIn(backupKeys)),
    planPluginCalls: bind(planPluginCalls),
    readPluginCall: bind(readPluginCall),
    storePluginAnswer: bind(storePluginAnswer),
    planPluginOperations: bind(planPluginOperations),
    readPluginOperations: bind(readPluginOperations),
    storePluginOperations: bind(storePluginOperations),
    recordPlugins: bind(recordPlugins),
    keepPluginOperations: bind(keepPluginOperations),
    planPluginDeletion: bind(planPluginDeletion),
    planVolumes: bind(planVolumes),
    locateVolumes: bind(locateVolumes),
    mountVolume: bindOwn(mountVolume),
    unmountVolume: bind(unmountVolume),
    recordVolumeEnds: bind(recordVolumeEnds),
    recordVolumes: bind(recordVolumes),
    planVolumeRestore: bind(planVolumeRestore),
    recordRestoredVolumes: bind(recordRestoredVolumes),
    openGates: bind(openGates),
    freezePod: bind(freezePod),
    replanPod: bind(replanPod),
    thawPod: bind(thawPod),
    thawOverdue: bind(thawOverdue),
    planRestoreHooks: bind(planRestoreHooks),
    runRestoreHooks: bind(runRestoreHooks),
    openRestore: bindOwn(TOLD.openRestore),
    previewRestore: bind(previewRestore),
    planRestore: bindOwn(planRestore),
    checkPlan: bind(checkPlan),
    applyShards: bind(applyShards),
    applyDeferred: bind(applyDeferred),
    relinkOwners: bind(relinkOwners),
    finishRestore: bind(TOLD.finishRestore),
    cleanRestore: bind(cleanIn(restoreKeys)),
    beginDeletion: bindOwn(beginDeletion),
    deleteRun: bind(deleteRun),
    acquireLeases: bind(acquireLeases),
    releaseLeases: bind(releaseLeases),
    findClosedHolders: bind(findClosedHolders),
    listRepositoryLocks: bind(listRepositoryLocks),
    unlockRepository: bind(unlockRepository),
    checkRepository: bind(checkRepository),
    forgetSnapshots: bind(forgetSnapshots),
    pruneRepository: bind(pruneRepository),
    storePlugin: bind(storePlugin),
    listPlugins: bind(listPlugins),
    readPlugin: bind(readPlugin),
    checkPlugin: bind(checkPlugin),
    removePlugin: bind(removePlugin),
    ...{ checkWorker: bind(checkWorker), findVolumeNodes: bind(findVolumeNodes) },
  };
}

function binders(deps: WorkerDependencies) {
  const bind =
    <Input, Result>(activity: (deps: Dependencies, input: Input) => Promise<Result>) =>
    (input: Input): Promise<Result> =>
      redactFailures(() => withKnownLocation(deps, () => activity(deps, input)));
  const bindOwn = <Input, Result>(
    activity: (deps: OwnDependencies, input: Input) => Promise<Result>,
  ) =>
    bind<Input, Result>(async (shared, input) =>
      activity({ ...shared, installation: await deps.installation() }, input),
    );
  return { bind, bindOwn };
}

function cleanIn(keysOf: typeof backupKeys | typeof restoreKeys) {
  return ({ store }: Dependencies, input: CleanInput): Promise<void> =>
    cleanRun(store(input.location), keysOf(input.name), input);
}
