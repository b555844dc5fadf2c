/** Every workflow under the name that it is registered with; `contract.ts` has the same names for callers. */
export { backup } from './backup.ts';
export { backupVolumes } from './backup-volumes.ts';
export { diagnose } from './diagnose.ts';
export { expireBackups } from './expire-backups.ts';
export { freezeGuard } from './freeze-guard.ts';
export { deleteRun as delete } from './delete.ts';
export { deliverNotification, notify } from './notify.ts';
export { pluginItems } from './plugin-items.ts';
export { cancelPluginOperations } from './plugin-cancel.ts';
export { pluginOperations } from './plugin-operations.ts';
export { pluginRegistry } from './plugin-registry.ts';
export { preview, previewRestore } from './preview.ts';
export { reconcile } from './reconcile.ts';
export { repository } from './repository.ts';
export { restore } from './restore.ts';
export { restoreVolumes } from './restore-volumes.ts';
export { scheduledBackup } from './scheduled-backup.ts';
