import type { ItemReference } from './item.ts';
import type { RestoreVerb } from './restore.ts';

/** What a restore did with one item, and why, if it did not simply create it. */
export interface RestoreOutcome extends ItemReference {
  readonly version: string;
  readonly kind: string;
  readonly verb: RestoreVerb;
  /** A sentence without values of the object. */
  readonly reason?: string;
}
