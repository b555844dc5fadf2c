import { backup } from './backup.ts';
import { backupVolumes } from './backup-volumes.ts';
import { diagnose } from './diagnose.ts';
import { expireBackups } from './expire-backups.ts';
import { freezeGuard } from './freeze-guard.ts';
import { deleteRun } from './delete.ts';
import { deliverNotification, notify } from './notify.ts';
import { pluginItems } from './plugin-items.ts';
import { cancelPluginOperations } from './plugin-cancel.ts';
import { pluginOperations } from './plugin-operations.ts';
import { pluginRegistry } from './plugin-registry.ts';
import { preview, previewRestore } from './preview.ts';
import { reconcile } from './reconcile.ts';
import { repository } from './repository.ts';
import { restore } from './restore.ts';
import { restoreVolumes } from './restore-volumes.ts';
import { scheduledBackup } from './scheduled-backup.ts';
import { endWhereTheyBegan } from './versioning.ts';

// All but those that outlive the workers of a version: a repository is kept as long as it is used, and a notification is tried
// for three days.
endWhereTheyBegan([
  backup,
  backupVolumes,
  diagnose,
  expireBackups,
  freezeGuard,
  deleteRun,
  notify,
  pluginItems,
  cancelPluginOperations,
  pluginOperations,
  pluginRegistry,
  preview,
  previewRestore,
  reconcile,
  restore,
  restoreVolumes,
  scheduledBackup,
]);

/** Every workflow under the name that it is registered with; `contract.ts` has the same names for callers. */
export {
  backup,
  backupVolumes,
  diagnose,
  expireBackups,
  freezeGuard,
  deleteRun as delete,
  deliverNotification,
  notify,
  pluginItems,
  cancelPluginOperations,
  pluginOperations,
  pluginRegistry,
  preview,
  previewRestore,
  reconcile,
  repository,
  restore,
  restoreVolumes,
  scheduledBackup,
};
