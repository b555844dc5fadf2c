import { recordTime } from '../domain/duration.ts';
import { Failure, type FailureType } from '../domain/failure.ts';
import { heldFailure } from '../domain/hold.ts';
import { requireWritable } from '../domain/storage-location.ts';
import type { StoredBackup } from '../domain/stored-run.ts';
import { readBackup, runUidOf } from '../storage/catalogue.ts';
import { changeClaim } from '../storage/change-claim.ts';
import { requireUnlocked } from '../storage/object-lock.ts';
import { requireOwn } from '../storage/location-owner.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import { requireUnread } from '../storage/reading-restore.ts';
import { removeTombstone, writeTombstone } from '../storage/tombstones.ts';
import type { BeginDeletionInput } from './contract.ts';
import type { OwnDependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';

/** Failures that say no. */
const REFUSALS: ReadonlySet<FailureType> = new Set(['Conflict', 'PreconditionFailed']);

type Deps = Pick<OwnDependencies, 'store' | 'location' | 'installation' | 'leases'>;

/**
 * See `ClusterActivities.beginDeletion`. A restore claims its name and then looks for a tombstone; a deletion writes the
 * tombstone and then looks for claims of restores: of the two at least one sees the other.
 */
export function beginDeletion(deps: Deps, input: BeginDeletionInput): Promise<void> {
  return withHeartbeat(async (long) => {
    const { location, name, runUid } = input;
    const store = deps.store(location);
    const backup = await readBackup(store, name);
    if (backup === undefined || runUidOf(backup) !== runUid) {
      return;
    }
    requireWritable(deps.location(location));
    const { claim } = backup;
    if (claim?.hold !== undefined) {
      throw heldFailure(name, claim.hold);
    }
    await requireUnlocked(store, name);
    // What another Holdfast has made is deleted by that one, which may be restoring from it.
    await requireOwn(store, { location, installation: deps.installation });
    const since = recordTime(Date.now());
    await writeTombstone(store, input, since);
    // Begun before: no restore was let in since, nor anything that keeps the backup.
    if (claim?.deletion === undefined) {
      await unlessRefused(store, input, async () => {
        await requireUnread(
          {
            ...{ store, installation: deps.installation },
            isClosed: (run) => deps.leases.isClosed(run),
            onPage: (itemsDone) => {
              long.signal.throwIfAborted();
              long.report({ itemsDone, bytesDone: 0 });
            },
          },
          input,
        );
        await noteDeletion(store, input, since);
      });
    }
  });
}

/** A deletion that is refused leaves no tombstone. One that failed does, and is asked for again. */
async function unlessRefused(
  store: ObjectStore,
  input: BeginDeletionInput,
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Failure && REFUSALS.has(error.type)) {
      await removeTombstone(store, input);
    }
    throw error;
  }
}

async function noteDeletion(
  store: ObjectStore,
  input: BeginDeletionInput,
  since: string,
): Promise<void> {
  await changeClaim(store, input, (claim) => {
    if (claim.deletion !== undefined) {
      return claim;
    }
    if (claim.hold !== undefined) {
      throw heldFailure(input.name, claim.hold);
    }
    if (input.isExpiry === true) {
      requireExpired(claim);
    }
    return { ...claim, deletion: { since } };
  });
}

/** Whoever found that the time of the backup is over may have looked before it was extended. */
function requireExpired({ name, extension }: StoredBackup): void {
  if (extension !== undefined && Date.parse(extension.expiration) > Date.now()) {
    const text = `the backup ${name} was extended to ${extension.expiration} since it was looked at`;
    throw new Failure('precondition-failed', text, { subject: name });
  }
}
