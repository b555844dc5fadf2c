import pLimit from 'p-limit';

import { Failure, type FailureReport } from '../domain/failure.ts';
import { backupKeys, BACKUPS_PREFIX, restoreKeys, RESTORES_PREFIX } from '../domain/object-key.ts';
import { isEndPhase, isPhase } from '../domain/phase.ts';
import type { StoredBackup, StoredRestore } from '../domain/stored-run.ts';
import type { VeleroBackup } from '../domain/velero-record.ts';
import { readClaim } from './claim.ts';
import { foldersAfter, type ListedVersions, listedVersions } from './folder-names.ts';
import type { ObjectStore, ReadOptions } from './object-store/port.ts';
import { readAll } from './object-store/read-all.ts';

/** Records that are read at the same time. */
const READS_IN_FLIGHT = 16;

/** One backup of a location. Velero's own have no claim; a run that left no record has nothing else. */
export interface CatalogueBackup {
  readonly name: string;
  readonly record?: VeleroBackup;
  readonly claim?: StoredBackup;
  /** Why the folder cannot be read as a backup. */
  readonly problem?: FailureReport;
}

export interface CatalogueRestore {
  readonly name: string;
  readonly claim?: StoredRestore;
  readonly problem?: FailureReport;
}

export interface CatalogueQuery {
  /** Names up to this one were listed before. */
  readonly after?: string;
  readonly limit: number;
  /** Which names are listed; all when left out. */
  readonly isNamed?: (name: string) => boolean;
}

export interface CataloguePage<Entry> {
  readonly items: readonly Entry[];
  /** To be given as `after`; left out at the end. */
  readonly next?: string;
}

/**
 * Reads one backup; undefined if its folder holds neither record nor claim. With listed versions, copies of records that
 * the store has kept will do.
 */
export async function readBackup(
  store: ObjectStore,
  name: string,
  listed?: ListedVersions,
): Promise<CatalogueBackup | undefined> {
  const keys = backupKeys(name);
  const [record, found] = await Promise.all([
    readRecord(store, name, listedIn(listed, keys.record)),
    readClaim(store, keys.claim, listedIn(listed, keys.claim)),
  ]);
  const claim = found?.stored.kind === 'Backup' ? found.stored : undefined;
  if (record === undefined && claim === undefined) {
    return undefined;
  }
  return {
    name,
    ...(record === undefined ? {} : { record }),
    ...(claim === undefined ? {} : { claim }),
  };
}

/** Names of the folders of backups of a location that begin with a text; of all when left out. */
export async function backupNames(store: ObjectStore, start = ''): Promise<string[]> {
  const names: string[] = [];
  const after = start === '' ? undefined : `${BACKUPS_PREFIX}${start}`;
  for await (const folders of store.listFolders(BACKUPS_PREFIX, after)) {
    const found = folders.map((folder) => folder.slice(0, -1));
    const own = found.filter((name) => name.startsWith(start));
    names.push(...own);
    // Names with the same beginning are listed together.
    if (own.length < found.length) {
      break;
    }
  }
  return names.sort();
}

/** Of a backup of ours that of the run, of one of Velero that of its record. */
export function runUidOf({
  record,
  claim,
}: Pick<CatalogueBackup, 'record' | 'claim'>): string | undefined {
  return claim?.runUid ?? record?.metadata.uid;
}

/** When the TTL of a backup is over, RFC 3339; undefined where it has none. */
export function expirationOf({
  record,
  claim,
}: Pick<CatalogueBackup, 'record' | 'claim'>): string | undefined {
  return claim?.extension?.expiration ?? record?.status.expiration;
}

/** Reads one restore; undefined if there is none. */
export async function readRestore(
  store: ObjectStore,
  name: string,
  listed?: ListedVersions,
): Promise<CatalogueRestore | undefined> {
  const { claim } = restoreKeys(name);
  const found = await readClaim(store, claim, listedIn(listed, claim));
  return found?.stored.kind === 'Restore' ? { name, claim: found.stored } : undefined;
}

/** The backups of a location by name; a folder that cannot be read is listed with its problem. */
export function listBackups(
  store: ObjectStore,
  query: CatalogueQuery,
): Promise<CataloguePage<CatalogueBackup>> {
  return listRuns(store, { prefix: BACKUPS_PREFIX, read: readBackup }, query);
}

/** The restores of a location by name. */
export function listRestores(
  store: ObjectStore,
  query: CatalogueQuery,
): Promise<CataloguePage<CatalogueRestore>> {
  return listRuns(store, { prefix: RESTORES_PREFIX, read: readRestore }, query);
}

interface RunSource<Entry> {
  readonly prefix: string;
  readonly read: (
    store: ObjectStore,
    name: string,
    listed: ListedVersions,
  ) => Promise<Entry | undefined>;
}

async function listRuns<Entry extends { readonly name: string }>(
  store: ObjectStore,
  { prefix, read }: RunSource<Entry>,
  { after = '', limit, isNamed = () => true }: CatalogueQuery,
): Promise<CataloguePage<Entry | { name: string; problem: FailureReport }>> {
  const { names, isMore } = await foldersAfter(store, prefix, { after, limit, isNamed });
  const listed = listedVersions(store, prefix, names);
  const entries = await pLimit(READS_IN_FLIGHT).map(names, (name) =>
    readOrExplain(name, () => read(store, name, listed)),
  );
  const items = entries.filter((entry) => entry !== undefined);
  const last = names.at(-1);
  return isMore && last !== undefined ? { items, next: last } : { items };
}

async function readOrExplain<Entry>(
  name: string,
  read: () => Promise<Entry | undefined>,
): Promise<Entry | { name: string; problem: FailureReport } | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure && BROKEN_CODES.has(error.code)) {
      return { name, problem: reportOf(error) };
    }
    throw error;
  }
}

function listedIn(listed: ListedVersions | undefined, key: string): ReadOptions {
  return listed === undefined ? {} : { listed: () => listed(key) };
}

function reportOf({ code, message, subject }: Failure): FailureReport {
  return { code, message, ...(subject === undefined ? {} : { subject }) };
}

/** Failures of one folder that must not hide the others. */
const BROKEN_CODES: ReadonlySet<string> = new Set(['unsupported-format', 'archive-mismatch']);

async function readRecord(
  store: ObjectStore,
  name: string,
  options: ReadOptions,
): Promise<VeleroBackup | undefined> {
  const key = backupKeys(name).record;
  let bytes: Buffer;
  try {
    bytes = await readAll(store, key, options);
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return undefined;
    }
    throw error;
  }
  const record = parseRecord(bytes, key);
  if (record.metadata.name !== name || !isPhase(record.status.phase)) {
    throw unreadable(key);
  }
  // Velero writes its record first and again at the end; in between the backup does not exist.
  return isEndPhase(record.status.phase) ? record : undefined;
}

function parseRecord(bytes: Buffer, key: string): VeleroBackup {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw unreadable(key, error);
  }
  if (!isRecord(value)) {
    throw unreadable(key);
  }
  return value;
}

/** The parts are there; what is used of them is checked where it is used. */
function isRecord(value: unknown): value is VeleroBackup {
  return (
    isObject(value) &&
    value['kind'] === 'Backup' &&
    [value['metadata'], value['spec'], value['status']].every(isObject)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function unreadable(key: string, cause?: unknown): Failure {
  return new Failure('unsupported-format', `${key} is not the record of a backup`, {
    subject: key,
    cause,
  });
}
