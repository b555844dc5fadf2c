import {
  API_VERSION,
  type BackupResource,
  type ResourceMeta,
  type RestoreDetails,
  type RestoreResource,
  type RunOperations,
  type RunVolumes,
} from '../../domain/api-resource.ts';
import type { BackupResult } from '../../domain/backup.ts';
import type { RestoreResult } from '../../domain/restore.ts';
import { phaseOfRecord } from '../../domain/phase.ts';
import type { StoredBackup, StoredRestore } from '../../domain/stored-run.ts';
import type { VeleroBackup } from '../../domain/velero-record.ts';
import type { RunMetadata } from '../../domain/run-metadata.ts';
import { textsOf } from '../../domain/velero-values.ts';
import { specOfVelero } from '../../domain/velero-spec.ts';
import {
  type CatalogueBackup,
  type CatalogueRestore,
  expirationOf,
} from '../../storage/catalogue.ts';

/** An ended backup as the location holds it; undefined for a folder without a record. */
export function endedBackup(location: string, entry: CatalogueBackup): BackupResource | undefined {
  const { name, record, claim } = entry;
  if (record === undefined) {
    return undefined;
  }
  const { status } = record;
  return {
    apiVersion: API_VERSION,
    kind: 'Backup',
    metadata: metadata(location, name, {
      ...{ uid: claim?.runUid ?? record.metadata.uid, status, clusterUid: claim?.cluster.uid },
      noted: notedOf(record.metadata),
    }),
    spec: claim?.spec ?? specOfVelero(record.spec, record.metadata.annotations),
    status: {
      phase: phaseOfRecord(status.phase, status.failureReason),
      ...timesOf(status),
      progress: progressOf(status),
      ...countsOf(status),
      ...detailsOf(claim),
      ...keptOf(entry),
    },
  };
}

/** An ended restore in a list; undefined for one that has only a claim. */
export function endedRestore(
  location: string,
  { name, claim }: CatalogueRestore,
): RestoreResource | undefined {
  const result = claim?.result;
  if (claim === undefined || result === undefined) {
    return undefined;
  }
  const { phase, items, counts, warnings, errors, failure } = result;
  return {
    apiVersion: API_VERSION,
    kind: 'Restore',
    metadata: metadata(location, name, {
      ...{ uid: claim.runUid, status: result, clusterUid: claim.cluster.uid },
      noted: claim.spec.metadata ?? {},
    }),
    spec: claim.spec,
    status: {
      phase,
      ...timesOf(result),
      progress: { itemsDone: items, itemsTotal: items },
      counts,
      ...restoredOf(result),
      warnings,
      errors,
      ...(failure === undefined ? {} : { failure }),
    },
  };
}

/** An ended restore with all that the location holds of it. */
export function detailedRestore(
  location: string,
  entry: CatalogueRestore,
): RestoreResource | undefined {
  const restore = endedRestore(location, entry);
  return restore && { ...restore, status: { ...restore.status, ...restoreDetails(entry.claim) } };
}

function restoreDetails(claim: Partial<StoredRestore> = {}): RestoreDetails {
  const { leftOut, cycles, tooDeep, failedVolumes } = claim;
  return {
    ...(leftOut === undefined ? {} : { leftOut }),
    ...(cycles === undefined ? {} : { cycles }),
    ...(tooDeep === undefined ? {} : { tooDeep }),
    ...(failedVolumes === undefined ? {} : { failedVolumes }),
  };
}

interface Times {
  readonly startTimestamp?: string;
  readonly completionTimestamp?: string;
}

interface MetadataParts {
  readonly uid: string | undefined;
  readonly status: Times;
  readonly clusterUid: string | undefined;
  readonly noted: RunMetadata;
}

function metadata(
  location: string,
  name: string,
  { uid, status, clusterUid, noted }: MetadataParts,
): ResourceMeta {
  const creationTimestamp = status.startTimestamp ?? status.completionTimestamp ?? EPOCH;
  const ofCluster = clusterUid === undefined ? {} : { clusterUid };
  return { name, uid: uid ?? '', location, creationTimestamp, ...noted, ...ofCluster };
}

/** Of a record, in which anybody may have written anything. */
function notedOf({ labels, annotations }: VeleroBackup['metadata']): RunMetadata {
  const [texts, notes] = [textsOf(labels), textsOf(annotations)];
  return {
    ...(texts === undefined ? {} : { labels: texts }),
    ...(notes === undefined ? {} : { annotations: notes }),
  };
}

/** What a record without any time is shown with. */
const EPOCH = '1970-01-01T00:00:00Z';

function timesOf({ startTimestamp, completionTimestamp }: Times): Times {
  return {
    ...(startTimestamp === undefined ? {} : { startTimestamp }),
    ...(completionTimestamp === undefined ? {} : { completionTimestamp }),
  };
}

function progressOf({ progress }: VeleroBackup['status']) {
  return { itemsDone: progress?.itemsBackedUp ?? 0, itemsTotal: progress?.totalItems ?? 0 };
}

function countsOf({ warnings = 0, errors = 0 }: VeleroBackup['status']) {
  return { warnings, errors };
}

/** How long it is kept. */
function keptOf(entry: CatalogueBackup) {
  const expiration = expirationOf(entry);
  const hold = entry.claim?.hold;
  return {
    ...(expiration === undefined ? {} : { expiration }),
    ...(hold === undefined ? {} : { hold }),
  };
}

/** What only a backup of ours tells. */
function detailsOf(claim: StoredBackup | undefined) {
  const failure = claim?.result?.failure;
  if (claim?.archive === undefined) {
    return { ...outcomeOf(claim?.result ?? {}), ...(failure === undefined ? {} : { failure }) };
  }
  const { sizeBytes, sha256, verification } = claim.archive;
  return { archive: { sizeBytes, sha256, verification }, ...outcomeOf(claim.result ?? {}) };
}

/** What became of all that is not an object, of a restore. */
function restoredOf({ volumes, hooks, operations }: RestoreResult) {
  return {
    ...(volumes === undefined
      ? {}
      : { volumes: volumesOf({ ...volumes, done: volumes.restored }) }),
    ...(hooks === undefined ? {} : { hooks }),
    ...(operations === undefined ? {} : { operations: operationsOf(operations) }),
  };
}

/** The same of a backup. */
function outcomeOf({ problems, volumes, hooks, operations }: Partial<BackupResult>) {
  return {
    ...(volumes === undefined ? {} : { volumes: volumesOf({ ...volumes, done: volumes.copied }) }),
    ...(hooks === undefined ? {} : { hooks }),
    ...(operations === undefined ? {} : { operations: operationsOf(operations) }),
    ...(problems === undefined ? {} : { problems }),
  };
}

function operationsOf(ended: NonNullable<BackupResult['operations']>): RunOperations {
  return { total: ended.completed + ended.failed, ...ended };
}

interface MovedData {
  readonly done: number;
  readonly failed: number;
  readonly files: number;
  readonly bytes: number;
}

function volumesOf({ done, failed, files, bytes }: MovedData): RunVolumes {
  return { total: done + failed, done, failed, filesDone: files, bytesDone: bytes };
}
