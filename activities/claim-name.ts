import type { StoredBackup, StoredRestore } from '../domain/stored-run.ts';
import { claimRun, readClaim, replaceClaim } from '../storage/claim.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import { Failure } from '../domain/failure.ts';
import { hasAskedPlugins } from '../storage/plugin-files.ts';
import type { LeftRun, TakenOver } from './contract.ts';
import { removeAll } from './clean-run.ts';

/** Where the claim of a run is, and the folder of its files. */
export interface ClaimPlace {
  readonly folder: string;
  readonly claim: string;
}

/** Whether the name is the run's, or of a run whose plugins have to be told first. */
export type NameClaim = 'claimed' | 'elsewhere' | 'deleting' | LeftRun;

/**
 * Claims the name of a run in the location. The caller knows that no ended run has the
 * name, so an earlier claim belongs to a run that died: it had the caller's workflow id, of which one runs at a time, if it
 * was started by the same Holdfast. What it left is removed, and its claim is taken over. A claim of another Holdfast
 * stands, because nobody here can know whether that run is alive; so does one whose deletion has begun, which removes
 * what lies in the folder, whoever has written it by then. What the plugins of a dead run have begun is known by
 * its files alone: nothing is removed before they were told.
 */
export async function claimName(
  store: ObjectStore,
  place: ClaimPlace,
  { claim, endedUid }: TakenOver & { readonly claim: StoredBackup | StoredRestore },
): Promise<NameClaim> {
  const outcome = await claimRun(store, place.claim, claim);
  if (outcome.kind === 'claimed') {
    return 'claimed';
  }
  const { stored, version } = outcome;
  if (stored.installation !== claim.installation) {
    return 'elsewhere';
  }
  if (stored.kind === 'Backup' && stored.deletion !== undefined) {
    return 'deleting';
  }
  const { runUid, spec } = stored;
  if (runUid !== endedUid && (await hasAskedPlugins(store, place.folder, runUid))) {
    return { kind: 'left', runUid, cluster: spec.cluster };
  }
  // Before the claim, so that an attempt which dies in between removes it again.
  await removeAll(store, place.folder, place.claim);
  return (await replaceClaim(store, place.claim, { claim, version })) ? 'claimed' : 'elsewhere';
}

/** The claim of a run, which holds its spec. Throws `precondition-failed` when the name is no longer the run's. */
export async function readOwnClaim(
  store: ObjectStore,
  key: string,
  runUid: string,
): Promise<NonNullable<Awaited<ReturnType<typeof readClaim>>>> {
  const found = await readClaim(store, key);
  if (found?.stored.runUid !== runUid) {
    const text = `${key} is no longer the claim of this run`;
    throw new Failure('precondition-failed', text, { subject: key });
  }
  return found;
}
