import { heldFailure } from '../domain/hold.ts';
import { backupKeys, restoreKeys, workFolder } from '../domain/object-key.ts';
import { requireWritable } from '../domain/storage-location.ts';
import { readClaim } from '../storage/claim.ts';
import { readBackup, readRestore } from '../storage/catalogue.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import { removeTombstone } from '../storage/tombstones.ts';
import { removeAll } from './clean-run.ts';
import type { DeleteRunInput, DeleteRunResult } from './contract.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';

/** See `ClusterActivities.deleteRun`. */
export function deleteRun(deps: Dependencies, input: DeleteRunInput): Promise<DeleteRunResult> {
  return withHeartbeat(async () => {
    requireWritable(deps.location(input.location));
    const store = deps.store(input.location);
    const { kind, name, runUid } = input;
    await requireNoHold(store, input);
    const { folder } = kind === 'Backup' ? backupKeys(name) : restoreKeys(name);
    // The run's uid is in these keys, whoever has the name by now.
    const work = await removeAll(store, workFolder(folder, runUid));
    const owner = await ownerKey(store, input);
    if (owner === undefined) {
      await removeTombstone(store, input);
      return { objects: work };
    }
    const { record } = backupKeys(name);
    const first = kind === 'Backup' && owner !== record ? [record] : [];
    await store.remove(first);
    const files = await removeAll(store, folder, owner);
    await store.remove([owner]);
    await removeTombstone(store, input);
    return { objects: work + first.length + files + 1 };
  });
}

/** Throws `held`. A deletion that was begun by an earlier Holdfast has not looked. */
async function requireNoHold(store: ObjectStore, input: DeleteRunInput): Promise<void> {
  const found = input.kind === 'Backup' && (await readClaim(store, backupKeys(input.name).claim));
  const hold = found && found.stored.kind === 'Backup' ? found.stored.hold : undefined;
  if (found && hold !== undefined && found.stored.runUid === input.runUid) {
    throw heldFailure(input.name, hold);
  }
}

/**
 * The file that says that the name's files are the run's: its claim, or, for a backup that Velero made, the record.
 * Undefined when they are gone, or are those of a later run.
 */
async function ownerKey(store: ObjectStore, input: DeleteRunInput): Promise<string | undefined> {
  const { kind, name, runUid } = input;
  const keys = backupKeys(name);
  if (kind === 'Restore') {
    const restore = await readRestore(store, name);
    return restore?.claim?.runUid === runUid ? restoreKeys(name).claim : undefined;
  }
  const { claim, record } = (await readBackup(store, name)) ?? {};
  const [owner, key] =
    claim === undefined ? [record?.metadata.uid, keys.record] : [claim.runUid, keys.claim];
  return owner === runUid ? key : undefined;
}
