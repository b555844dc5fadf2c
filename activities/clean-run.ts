import { type backupKeys, workFolder } from '../domain/object-key.ts';
import { readClaim } from '../storage/claim.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import type { CleanInput } from './contract.ts';
import { withHeartbeat } from './heartbeat.ts';

type RunKeys = Pick<ReturnType<typeof backupKeys>, 'folder' | 'claim'>;

/**
 * Removes what a run left in its folder, as far as the scope says. Files outside `work/` have no run in their
 * name, so they go only while the claim is the run's, and the claim itself goes last.
 */
export function cleanRun(store: ObjectStore, keys: RunKeys, input: CleanInput): Promise<void> {
  return withHeartbeat(async () => {
    await removeAll(store, workFolder(keys.folder, input.runUid));
    if (input.scope === 'work') {
      return;
    }
    const claim = await readClaim(store, keys.claim);
    if (claim?.stored.runUid !== input.runUid || claim.stored.result !== undefined) {
      return;
    }
    await removeAll(store, keys.folder, keys.claim);
    if (input.scope === 'claim') {
      await store.remove([keys.claim]);
    }
  });
}

/** Removes every object under a prefix but one, and what was never finished; gives how many objects there were. */
export async function removeAll(store: ObjectStore, prefix: string, kept = ''): Promise<number> {
  let objects = 0;
  await store.abortUploads(prefix);
  for await (const page of store.list(prefix)) {
    const keys = page.map(({ key }) => key).filter((key) => key !== kept);
    await store.remove(keys);
    objects += keys.length;
  }
  return objects;
}
