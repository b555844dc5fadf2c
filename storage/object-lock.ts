import { Failure } from '../domain/failure.ts';
import { backupKeys } from '../domain/object-key.ts';
import type { ObjectStore } from './object-store/port.ts';

/**
 * Until when the bucket keeps the files of a backup, RFC 3339; undefined where it does not. The record is written last, and
 * so is kept for longest.
 */
export async function lockOf(store: ObjectStore, name: string): Promise<string | undefined> {
  const { lockedUntil } = (await store.head(backupKeys(name).record)) ?? {};
  const isKept = lockedUntil !== undefined && Date.parse(lockedUntil) > Date.now();
  return isKept ? lockedUntil : undefined;
}

/** Throws `object-locked` while the bucket keeps the files of a backup: what is deleted then is hidden, and stays. */
export async function requireUnlocked(store: ObjectStore, name: string): Promise<void> {
  const lockedUntil = await lockOf(store, name);
  if (lockedUntil !== undefined) {
    const text = `the object lock of the bucket keeps the backup ${name} until ${lockedUntil}; delete it after that`;
    throw new Failure('object-locked', text, { subject: name });
  }
}
