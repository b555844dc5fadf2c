import type { StoredBackup, StoredRestore } from '../domain/stored-run.ts';
import { claimRun, takeOverClaim } from '../storage/claim.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';

/**
 * Claims the name of a run in the location; true if it is the run's. An earlier claim without a result belongs to
 * a run that ended without a record: the caller's workflow id is that run's, so that run is closed, if it was
 * started for the same cluster. It is taken over. Any other claim stands.
 */
export async function claimName(
  store: ObjectStore,
  key: string,
  claim: StoredBackup | StoredRestore,
): Promise<boolean> {
  const outcome = await claimRun(store, key, claim);
  if (outcome.kind === 'claimed') {
    return true;
  }
  const { stored, version } = outcome;
  if (stored.result !== undefined || stored.cluster.uid !== claim.cluster.uid) {
    return false;
  }
  return takeOverClaim(store, key, { claim, version });
}
