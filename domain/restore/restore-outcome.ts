import type { ItemReference, OwnerReference } from '../item.ts';
import type { RestoreCounts, RestoreVerb } from '../restore.ts';

const WRITTEN: ReadonlySet<RestoreVerb> = new Set(['created', 'recreated', 'updated']);

/** What a restore did with one item, and why, if it did not simply create it. */
export interface RestoreOutcome extends ItemReference {
  readonly version: string;
  readonly kind: string;
  readonly verb: RestoreVerb;
  /** A sentence; of what the API server said, no more than it may say of the object. */
  readonly reason?: string;
  /** An owner that it had is not in the cluster. */
  readonly lacksOwners?: true;
  /** It had owners, and the restore ended before it gave them back; another one with `retryOf` does. */
  readonly awaitsOwners?: true;
  /** The request does not select it, and a plugin has added it. */
  readonly isAdded?: true;
  /** It was created, and its status or its managed fields could not be restored. */
  readonly isIncomplete?: true;
}

/** Some of the outcomes of an ended restore, which lie together in their file: one gzip member of it. */
export interface OutcomePart {
  readonly offset: number;
  readonly length: number;
  /** Verbs that no outcome has are left out. */
  readonly counts: Partial<RestoreCounts>;
}

/** An outcome as the shards of a run keep it, with what its later steps need. */
export interface AppliedItem extends RestoreOutcome {
  /** The owners of the object in the backup; left out when it has none, or when they are not for the restore to set. */
  readonly owners?: readonly OwnerReference[];
  /** It is a pod that the restore has made, and hooks are run in it. */
  readonly hasHooks?: true;
  /** It failed for now, and is tried again after the last wave. */
  readonly isPutAside?: true;
}

/** Whether a restore has made the object that it says this of. */
export function isMade(verb: RestoreVerb): boolean {
  return verb === 'created' || verb === 'recreated';
}

/** Whether a restore has written the object that it says this of. */
export function isWritten(verb: RestoreVerb): boolean {
  return WRITTEN.has(verb);
}
