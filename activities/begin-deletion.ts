import { recordTime } from '../domain/duration.ts';
import { Failure } from '../domain/failure.ts';
import { heldFailure } from '../domain/hold.ts';
import type { StoredBackup } from '../domain/stored-run.ts';
import { changeClaim } from '../storage/change-claim.ts';
import type { BeginDeletionInput } from './contract.ts';
import type { Dependencies } from './dependencies.ts';

/** See `ClusterActivities.beginDeletion`. */
export async function beginDeletion(
  { store }: Pick<Dependencies, 'store'>,
  input: BeginDeletionInput,
): Promise<void> {
  const since = recordTime(Date.now());
  await changeClaim(store(input.location), input, (claim) => {
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
