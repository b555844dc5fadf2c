import type { OwnerReference } from '../item.ts';
import type { RestoreSpec, RestoreVerb } from '../restore.ts';
import { policyOf } from './existing-decision.ts';
import { isWritten } from './restore-outcome.ts';

/** An owner as the backup has it, and its uid in the cluster; without one it is not there. */
export interface FoundOwner {
  readonly owner: OwnerReference;
  readonly uid: string | undefined;
}

export interface OwnerChange {
  /** All references that the object should have; left out when it has them. */
  readonly references?: readonly OwnerReference[];
  readonly missing: readonly OwnerReference[];
}

/**
 * What becomes of an object's owner references: those that it has stay, such as those of a controller that has adopted
 * it meanwhile, and the owners of the backup are added by the uids of now. An object has one controller at most, and
 * the one that has taken it already keeps it.
 */
export function ownersToSet(
  owners: readonly FoundOwner[],
  live: readonly OwnerReference[],
): OwnerChange {
  const missing = owners.filter(({ uid }) => uid === undefined).map(({ owner }) => owner);
  const references = [...live];
  for (const { owner, uid } of owners) {
    if (uid === undefined || references.some((one) => one.uid === uid)) {
      continue;
    }
    const isControlled = references.some(({ controller }) => controller === true);
    references.push({ ...owner, uid, ...(isControlled ? { controller: false } : {}) });
  }
  return { missing, ...(references.length > live.length ? { references } : {}) };
}

/**
 * Whether a restore gives an object its owners: one that it has written, and one that is as it was and loses them when
 * they are made anew.
 */
export function givesOwners(verb: RestoreVerb, spec: RestoreSpec): boolean {
  return isWritten(verb) || (verb === 'unchanged' && policyOf(spec) === 'recreate');
}
