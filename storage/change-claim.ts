import { Failure } from '../domain/failure.ts';
import { backupKeys } from '../domain/object-key.ts';
import type { RunReference } from '../domain/run-reference.ts';
import type { StoredBackup } from '../domain/stored-run.ts';
import { bytesOf, readClaim } from './claim.ts';
import type { ObjectStore } from './object-store/port.ts';

/** How often a change is begun again because somebody else was faster. */
const ATTEMPTS_MAX = 10;

/**
 * Changes the claim of a backup as it is now, and begins again when somebody else was faster. A change that gives back what
 * it was given writes nothing; one whose answer was lost must do so when it is made again. Gives the claim as it is then;
 * undefined if the name is not the run's.
 */
export async function changeClaim(
  store: ObjectStore,
  { name, runUid }: Pick<RunReference, 'name' | 'runUid'>,
  change: (claim: StoredBackup) => StoredBackup,
): Promise<StoredBackup | undefined> {
  const key = backupKeys(name).claim;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const found = await readClaim(store, key);
    if (found?.stored.kind !== 'Backup' || found.stored.runUid !== runUid) {
      return undefined;
    }
    const changed = change(found.stored);
    if (changed === found.stored || (await isReplaced(store, key, { ...found, changed }))) {
      return changed;
    }
  }
  throw new Failure('location-unreachable', `${key} changes while it is read`, { subject: key });
}

async function isReplaced(
  store: ObjectStore,
  key: string,
  { changed, version }: { readonly changed: StoredBackup; readonly version: string },
): Promise<boolean> {
  try {
    await store.put(key, bytesOf(changed), { version });
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === 'precondition-failed') {
      return false;
    }
    throw error;
  }
}
