import type { BackupResult, BackupSpec } from './backup.ts';
import { parseDuration, recordTime } from './duration.ts';
import { CANCELLED_REASON, type VeleroEndPhase } from './phase.ts';
import type { ClusterIdentity } from './stored-run.ts';
import { FORMAT_VERSION } from './archive-layout.ts';
import { specAnnotations, veleroSpec } from './velero-spec.ts';

/** `velero-backup.json`: the record whose presence makes a backup exist. Names and shape are Velero's. */
export interface VeleroBackup {
  readonly kind: 'Backup';
  readonly apiVersion: 'velero.io/v1';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: VeleroBackupStatus;
}

interface VeleroBackupStatus {
  readonly version: number;
  readonly formatVersion: string;
  readonly phase: VeleroEndPhase;
  readonly startTimestamp?: string;
  readonly completionTimestamp?: string;
  readonly expiration?: string;
  readonly progress?: { readonly totalItems: number; readonly itemsBackedUp: number };
  readonly warnings?: number;
  readonly errors?: number;
  readonly failureReason?: string;
  readonly hookStatus?: Readonly<Record<string, number>>;
}

export interface VeleroRecordInput {
  readonly location: string;
  readonly name: string;
  readonly runUid: string;
  readonly spec: BackupSpec;
  readonly cluster: ClusterIdentity;
  readonly result: BackupResult;
  /** Where it is not the one that follows from the TTL. */
  readonly expiration?: string | undefined;
}

/** The label that says which schedule made a backup. */
export const SCHEDULE_LABEL = 'velero.io/schedule-name';

/** Namespace that Velero's own objects live in unless it was installed elsewhere. */
const VELERO_NAMESPACE = 'velero';

/** Builds the record of an ended backup; a pure function, so that writing it twice writes the same bytes. */
export function veleroRecord(input: VeleroRecordInput): VeleroBackup {
  const { location, name, runUid, spec, cluster } = input;
  return {
    kind: 'Backup',
    apiVersion: 'velero.io/v1',
    metadata: {
      name,
      namespace: VELERO_NAMESPACE,
      uid: runUid,
      labels: backupLabels(spec, location),
      annotations: {
        ...spec.metadata?.annotations,
        'velero.io/source-cluster-k8s-gitversion': cluster.gitVersion,
        'velero.io/source-cluster-k8s-major-version': cluster.major,
        'velero.io/source-cluster-k8s-minor-version': cluster.minor,
        ...specAnnotations(spec),
      },
    },
    spec: veleroSpec(spec, location),
    status: veleroStatus(input),
  };
}

/** The labels of a backup: those that were asked for, its location and its schedule. */
export function backupLabels(spec: BackupSpec, location: string): Record<string, string> {
  return {
    ...spec.metadata?.labels,
    'velero.io/storage-location': location,
    ...(spec.scheduleName === undefined ? {} : { [SCHEDULE_LABEL]: spec.scheduleName }),
  };
}

function veleroStatus({ spec, result, ...input }: VeleroRecordInput): VeleroBackupStatus {
  const ttlMs = parseDuration(spec.ttl, 'spec.ttl');
  const { expiration = recordTime(Date.parse(result.startTimestamp) + ttlMs) } = input;
  return {
    version: 1,
    formatVersion: FORMAT_VERSION,
    phase: result.phase === 'Cancelled' ? 'Failed' : result.phase,
    startTimestamp: result.startTimestamp,
    completionTimestamp: result.completionTimestamp,
    // What has none is left alone by Velero.
    ...(ttlMs === 0 ? {} : { expiration }),
    progress: { totalItems: result.items, itemsBackedUp: result.items },
    warnings: result.warnings,
    errors: result.errors,
    ...failureReason(result),
    hookStatus: hookStatus(result),
  };
}

/** Velero leaves out what is 0. */
function hookStatus({ hooks }: BackupResult): Record<string, number> {
  const { attempted = 0, failed = 0 } = hooks ?? {};
  return {
    ...(attempted === 0 ? {} : { hooksAttempted: attempted }),
    ...(failed === 0 ? {} : { hooksFailed: failed }),
  };
}

function failureReason(result: BackupResult): { failureReason?: string } {
  if (result.phase === 'Cancelled') {
    return { failureReason: CANCELLED_REASON };
  }
  return result.failure === undefined || result.phase !== 'Failed'
    ? {}
    : { failureReason: `${result.failure.code}: ${result.failure.message}` };
}
