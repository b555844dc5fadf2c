import {
  API_VERSION,
  type BackupResource,
  type ResourceMeta,
  type RestoreResource,
  type RunResourceStatus,
} from '../../domain/api-resource.ts';
import { ALL_NAMESPACES, DEFAULT_CLUSTER, DEFAULT_TTL } from '../../domain/backup.ts';
import type { FailureReport } from '../../domain/failure.ts';

/** What nobody can read is of no known time. */
const EPOCH = '1970-01-01T00:00:00Z';
/** The defaults of a request stand in for a spec that cannot be read. */
const UNKNOWN_SPEC = {
  cluster: DEFAULT_CLUSTER,
  includedNamespaces: [ALL_NAMESPACES],
  excludedNamespaces: [],
};

/** A folder of the location that cannot be read, as a list shows it. */
interface Unreadable {
  readonly location: string;
  readonly name: string;
  readonly problem: FailureReport;
}

/** A backup whose folder cannot be read; it is listed, so that nobody takes it for gone. */
export function unreadableBackup(folder: Unreadable): BackupResource {
  return {
    apiVersion: API_VERSION,
    kind: 'Backup',
    metadata: metadataOf(folder),
    spec: { ...UNKNOWN_SPEC, ttl: DEFAULT_TTL },
    status: statusOf(folder),
  };
}

/** A restore whose folder cannot be read. */
export function unreadableRestore(folder: Unreadable): RestoreResource {
  return {
    apiVersion: API_VERSION,
    kind: 'Restore',
    metadata: metadataOf(folder),
    spec: { ...UNKNOWN_SPEC, backupName: '', namespaceMapping: {} },
    status: statusOf(folder),
  };
}

function metadataOf({ location, name }: Unreadable): ResourceMeta {
  return { name, uid: '', location, creationTimestamp: EPOCH };
}

function statusOf({ problem }: Unreadable): RunResourceStatus {
  return {
    phase: 'Failed',
    progress: { itemsDone: 0, itemsTotal: 0 },
    warnings: 0,
    errors: 1,
    failure: problem,
  };
}
