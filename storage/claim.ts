import { Failure } from '../domain/failure.ts';
import { CLAIM_VERSION, type StoredBackup, type StoredRestore } from '../domain/stored-run.ts';
import type { ObjectStore, ObjectVersion, ReadOptions } from './object-store/port.ts';
import { gather } from './object-store/read-all.ts';

export type StoredRun = StoredBackup | StoredRestore;

export interface ReadClaim {
  readonly stored: StoredRun;
  readonly version: ObjectVersion;
}

/**
 * Writes a claim if there is none. A claim of the same run that is there already counts as written, so that a
 * request whose answer was lost may be repeated.
 */
export async function claimRun(
  store: ObjectStore,
  key: string,
  claim: StoredRun,
): Promise<{ kind: 'claimed' } | ({ kind: 'taken' } & ReadClaim)> {
  try {
    await store.put(key, bytesOf(claim), { isNew: true });
    return { kind: 'claimed' };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'precondition-failed') {
      throw error;
    }
  }
  const found = await readClaim(store, key);
  if (found === undefined) {
    // It was removed between the two requests; the activity's next attempt claims it.
    throw new Failure('location-unreachable', `${key} changes while it is read`, { subject: key });
  }
  return found.stored.runUid === claim.runUid ? { kind: 'claimed' } : { kind: 'taken', ...found };
}

/** Replaces a claim as it was read; false if somebody was faster. */
export async function replaceClaim(
  store: ObjectStore,
  key: string,
  { claim, version }: { claim: StoredRun; version: ObjectVersion },
): Promise<boolean> {
  try {
    await store.put(key, bytesOf(claim), { version });
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === 'precondition-failed') {
      const found = await readClaim(store, key);
      return found?.stored.runUid === claim.runUid;
    }
    throw error;
  }
}

/** Reads a claim; undefined if there is none. Throws `unsupported-format` for what is no claim of ours. */
export async function readClaim(
  store: ObjectStore,
  key: string,
  options: ReadOptions = {},
): Promise<ReadClaim | undefined> {
  try {
    const object = await store.get(key, options);
    const bytes = await gather(object);
    return { stored: parseClaim(bytes, key), version: object.version };
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return undefined;
    }
    throw error;
  }
}

/** The bytes of a claim, readable for people. */
export function bytesOf(claim: StoredRun): Buffer {
  return Buffer.from(`${JSON.stringify(claim, undefined, 2)}\n`);
}

function parseClaim(bytes: Buffer, key: string): StoredRun {
  try {
    // What is used of it is checked here; the rest was written by this very module.
    const stored = JSON.parse(bytes.toString('utf8')) as StoredRun;
    if (String(stored.version) === String(CLAIM_VERSION) && typeof stored.runUid === 'string') {
      return stored;
    }
  } catch (error) {
    throw unreadable(key, error);
  }
  throw unreadable(key);
}

function unreadable(key: string, cause?: unknown): Failure {
  return new Failure('unsupported-format', `${key} is not a record that this version reads`, {
    subject: key,
    cause,
  });
}
