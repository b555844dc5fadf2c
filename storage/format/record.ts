import type { BackupResult } from '../../domain/backup.ts';
import type { FailureReport } from '../../domain/failure.ts';
import type { PodHookReport } from '../../domain/hooks/hook-report.ts';
import { backupKeys, restoreKeys } from '../../domain/object-key.ts';
import type { PhaseChange } from '../../domain/run-status.ts';
import { endedLog, type Said } from '../run-log/ended-log.ts';
import { recordRunLog } from '../run-log/record-run-log.ts';
import type { OutcomePart, RestoreOutcome } from '../../domain/restore/restore-outcome.ts';
import type { StoredBackup, StoredRestore } from '../../domain/stored-run.ts';
import { veleroRecord } from '../../domain/velero-record.ts';
import type { RestoreEnd } from '../../domain/volumes/restore-record.ts';
import { Failure } from '../../domain/failure.ts';
import { bytesOf, replaceClaim } from '../claim.ts';
import { gzipText } from '../json-file.ts';
import type { ObjectStore, ObjectVersion } from '../object-store/port.ts';
import { readAll } from '../object-store/read-all.ts';
import { encodeOutcomes } from './outcome-file.ts';
import { veleroVolumeFiles } from './velero-volume-files.ts';

/** Velero's `results` file (its pkg/util/results). */
export interface VeleroResults {
  readonly warnings: VeleroResultSide;
  readonly errors: VeleroResultSide;
}

interface VeleroResultSide {
  velero?: string[];
  cluster?: string[];
  namespaces?: Record<string, string[]>;
}

/** What is committed, and the claim as it was read: another run may have taken the name since. */
export interface BackupCommit {
  readonly location: string;
  readonly stored: StoredBackup;
  readonly claimVersion: ObjectVersion;
  readonly phases?: readonly PhaseChange[];
}

/**
 * Writes what is left of a backup, and last the record that makes it exist, and reads the record back. All bytes
 * follow from the arguments and from what the run has stored, so that an attempt that is repeated writes the same; the log is what the first attempt has written. The claim goes first: a run that
 * lost its name writes nothing. Throws `precondition-failed` then, and `archive-mismatch`.
 */
export async function commitBackup(
  store: ObjectStore,
  { location, stored, claimVersion, phases }: BackupCommit,
): Promise<void> {
  const { name, runUid, spec, cluster, result } = stored;
  if (result === undefined) {
    throw new Failure('internal', `the backup ${name} has no result to commit`);
  }
  const keys = backupKeys(name);
  if (!(await replaceClaim(store, keys.claim, { claim: stored, version: claimVersion }))) {
    const text = `${keys.claim} is no longer the claim of this run`;
    throw new Failure('precondition-failed', text, { subject: keys.claim });
  }
  const results = resultsOf(result);
  const files: [string, string][] = [
    [keys.results, JSON.stringify(results)],
    ...(await veleroVolumeFiles(store, location, stored)),
    [keys.volumeSnapshots, '[]'],
    // What plugins did, or may still do, was recorded before.
    ...((await store.head(keys.itemOperations)) === undefined
      ? [[keys.itemOperations, '[]'] satisfies [string, string]]
      : []),
  ];
  await Promise.all([
    ...files.map(async ([key, text]) => store.put(key, await gzipText(text))),
    recordRunLog(store, endedLog(keys, stored, { phases })),
  ]);
  const { expiration } = stored.extension ?? {};
  const record = veleroRecord({ location, name, runUid, spec, cluster, result, expiration });
  await putAndCompare(store, keys.record, Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`));
}

/** Writes the report of a restore, and last its result. */
export async function commitRestore(
  store: ObjectStore,
  report: {
    readonly stored: StoredRestore;
    readonly results: VeleroResults;
    /** The resource list as it is stored. */
    readonly resourceList: AsyncIterable<Uint8Array>;
    /** What became of each item, some at a time. */
    readonly outcomes: AsyncIterable<readonly RestoreOutcome[]>;
    /** How the volumes ended whose data was to be written. */
    readonly volumes?: readonly RestoreEnd[];
    /** How the hooks of restored pods ended. */
    readonly hooks?: readonly PodHookReport[];
    /** Operations of plugins, as Velero has them. */
    readonly itemOperations?: readonly unknown[];
    readonly phases?: readonly PhaseChange[] | undefined;
    /** What the log has to say of the restore as a whole. */
    readonly said?: readonly Said[];
  },
): Promise<void> {
  const {
    stored,
    results,
    resourceList,
    outcomes,
    volumes = [],
    hooks = [],
    itemOperations = [],
  } = report;
  const keys = restoreKeys(stored.name);
  const files: [string, string][] = [
    [keys.results, JSON.stringify(results)],
    ...(volumes.length === 0
      ? []
      : [[keys.volumes, JSON.stringify(volumes)] satisfies [string, string]]),
    ...(hooks.length === 0 ? [] : [[keys.hooks, JSON.stringify(hooks)] satisfies [string, string]]),
    ...(itemOperations.length === 0
      ? []
      : [[keys.itemOperations, JSON.stringify(itemOperations)] satisfies [string, string]]),
  ];
  const itemParts: OutcomePart[] = [];
  // One after the other, since both go through the same outcomes, in the same order.
  await store.upload(keys.items, encodeOutcomes(outcomes, itemParts));
  await Promise.all([
    ...files.map(async ([key, text]) => store.put(key, await gzipText(text))),
    store.upload(keys.resourceList, resourceList),
    recordRunLog(store, endedLog(keys, stored, report)),
  ]);
  await putAndCompare(store, keys.claim, bytesOf({ ...stored, itemParts }));
}

async function putAndCompare(store: ObjectStore, key: string, bytes: Buffer): Promise<void> {
  await store.put(key, bytes);
  if (!(await readAll(store, key)).equals(bytes)) {
    throw new Failure('archive-mismatch', `${key} is not what was written`, { subject: key });
  }
}

function resultsOf({ failure, problems }: BackupResult): VeleroResults {
  const failures = failure === undefined ? [] : [failure];
  return {
    warnings: sideOf(problems?.warnings ?? [], problems?.more?.warnings),
    errors: sideOf([...failures, ...(problems?.errors ?? [])], problems?.more?.errors),
  };
}

function sideOf(reports: readonly FailureReport[], more = 0): VeleroResultSide {
  const rest = more > 0 ? [`and ${String(more)} more, which the coverage of the backup has`] : [];
  const velero = [...reports.map(({ message }) => message), ...rest];
  return velero.length === 0 ? {} : { velero };
}
