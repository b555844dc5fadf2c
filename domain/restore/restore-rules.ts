import type { Modifiers } from './modifiers/apply-modifiers.ts';

/** What a restore changes of the objects of the backup on request. */
export interface RestoreRules extends Modifiers {
  /** Storage class in the backup to storage class in the cluster. */
  readonly storageClassMapping: Readonly<Record<string, string>>;
  /** Part of an image's name to what stands there instead. */
  readonly imageMapping: Readonly<Record<string, string>>;
  /** Types whose status is restored too, as `resource.group`. */
  readonly statusTypes: readonly string[];
}
