import {
  API_VERSION,
  type BackupResource,
  type ResourceMeta,
  type RestoreResource,
  type RunResource,
  type RunResourceStatus,
} from '../../domain/api-resource.ts';
import type { BackupSpec } from '../../domain/backup.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import { withConditions } from '../../domain/run-conditions.ts';
import type { RunMetadata } from '../../domain/run-metadata.ts';
import { backupLabels } from '../../domain/velero-record.ts';
import { backupWorkflowId, restoreWorkflowId, type RunKey } from '../../domain/workflow-id.ts';
import {
  type CataloguePage,
  type CatalogueQuery,
  listBackups,
  listRestores,
  readBackup,
  readRestore,
} from '../../storage/catalogue.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { BACKUP_WORKFLOW, RESTORE_WORKFLOW } from '../../workflows/contract.ts';
import { detailedRestore, endedBackup, endedRestore } from './ended.ts';
import { unreadableBackup, unreadableRestore } from './unreadable.ts';

/** What backups and restores have in common, and where they differ. */
export interface RunKindOf<Resource extends RunResource> {
  readonly kind: Resource['kind'];
  readonly plural: 'backups' | 'restores';
  readonly workflow: string;
  readonly workflowId: (key: RunKey) => string;
  /** An ended run, as the location holds it. */
  readonly read: (store: ObjectStore, key: RunKey) => Promise<Resource | undefined>;
  readonly list: (
    store: ObjectStore,
    location: string,
    query: CatalogueQuery,
  ) => Promise<CataloguePage<Resource>>;
  /** Labels and annotations of a run that its location does not tell of yet. */
  readonly noted: (spec: Resource['spec'], location: string) => RunMetadata;
  /** A run that Temporal tells of. */
  readonly live: (
    metadata: ResourceMeta,
    spec: Resource['spec'],
    status: RunResourceStatus,
  ) => Resource;
}

export const BACKUPS: RunKindOf<BackupResource> = {
  kind: 'Backup',
  plural: 'backups',
  workflow: BACKUP_WORKFLOW,
  workflowId: backupWorkflowId,
  read: async (store, { location, name }) => {
    const entry = await readBackup(store, name);
    return entry && told(endedBackup(location, entry));
  },
  list: async (store, location, query) => {
    const page = await listBackups(store, query);
    const items = page.items.map((entry) => {
      const { name, problem } = entry;
      return problem === undefined
        ? endedBackup(location, entry)
        : unreadableBackup({ location, name, problem });
    });
    return { ...page, items: items.flatMap((item) => told(item) ?? []) };
  },
  noted: (spec, location) => ({ ...spec.metadata, labels: backupLabels(spec, location) }),
  live: (metadata, spec: BackupSpec, status) => ({
    apiVersion: API_VERSION,
    kind: 'Backup',
    metadata,
    spec,
    status,
  }),
};

export const RESTORES: RunKindOf<RestoreResource> = {
  kind: 'Restore',
  plural: 'restores',
  workflow: RESTORE_WORKFLOW,
  workflowId: restoreWorkflowId,
  read: async (store, { location, name }) => {
    const entry = await readRestore(store, name);
    return entry && told(detailedRestore(location, entry));
  },
  list: async (store, location, query) => {
    const page = await listRestores(store, query);
    const items = page.items.map((entry) => {
      const { name, problem } = entry;
      return problem === undefined
        ? endedRestore(location, entry)
        : unreadableRestore({ location, name, problem });
    });
    return { ...page, items: items.flatMap((item) => told(item) ?? []) };
  },
  noted: ({ metadata = {} }) => metadata,
  live: (metadata, spec: RestoreSpec, status) => ({
    apiVersion: API_VERSION,
    kind: 'Restore',
    metadata,
    spec,
    status,
  }),
};

function told<Resource extends RunResource>(run: Resource | undefined): Resource | undefined {
  return run && withConditions(run);
}
