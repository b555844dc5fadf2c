import { backupKeys, runLogPrefix } from '../../domain/object-key.ts';
import type { StoredBackup } from '../../domain/stored-run.ts';
import { commitBackup as writeRecord } from '../../storage/format/record.ts';
import { readOwnClaim } from '../claim-name.ts';
import { removeAll } from '../clean-run.ts';
import type { CommitBackupInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';

/** See `ClusterActivities.commitBackup`. */
export async function commitBackup(deps: Dependencies, input: CommitBackupInput): Promise<void> {
  const { location, name, runUid, result, archive, phases } = input;
  const store = deps.store(location);
  const claim = await readOwnClaim(store, backupKeys(name).claim, runUid);
  // The claim of a run that `openBackup` opened is a backup's.
  const opened = claim.stored as StoredBackup;
  const stored = { ...opened, result, ...(archive === undefined ? {} : { archive }) };
  await writeRecord(store, {
    ...{ location, stored, claimVersion: claim.version },
    ...(phases === undefined ? {} : { phases }),
  });
  if (archive === undefined) {
    // What else a run that failed has kept went before, but for what its log was made of.
    await removeAll(store, runLogPrefix(backupKeys(name).folder, runUid));
  }
}
