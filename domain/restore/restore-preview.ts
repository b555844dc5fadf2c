import type { FailureReport } from '../failure.ts';
import type { ItemReference } from '../item.ts';
import type { RestoreSpec } from '../restore.ts';
import type { OwnerCycles } from './owner-order.ts';
import type { LeftOut } from './restore-plan.ts';
import type { ShownChange } from './shown-diff.ts';

/**
 * What a restore would do with an item. `blocked`: the cluster refuses it, and the restore would not bring it back.
 */
export const PLAN_ACTIONS = [
  ...(['create', 'update', 'recreate', 'unchanged'] as const),
  ...(['skip', 'blocked'] as const),
] as const;
export type PlanAction = (typeof PLAN_ACTIONS)[number];

export type PlanCounts = Readonly<Record<PlanAction, number>>;

export const NO_PLAN_COUNTS: PlanCounts = {
  ...{ create: 0, update: 0, recreate: 0, unchanged: 0, skip: 0, blocked: 0 },
};

/** An item of the backup, as the target cluster knows it, and what would become of it. */
export interface PlannedItem extends ItemReference {
  readonly version: string;
  readonly action: PlanAction;
  readonly reason?: string;
  /** Present where the cluster could not be asked for what the action is; the reason says why. */
  readonly isChecked?: false;
  /** What would change in the live object, or how the backup differs from one that is left alone. */
  readonly diff?: readonly ShownChange[];
  /** Changes that are not among `diff`; left out when all are. */
  readonly moreChanges?: number;
}

/** What a restore would do, were it started now. */
export interface RestorePlanReport {
  /** The backup that is restored, also where the request names none. */
  readonly backupName: string;
  /** `sha256:…`: changes with all that the restore would do; `spec.planDigest` binds a restore to it. */
  readonly digest: string;
  /** All items, also those that are not listed. */
  readonly counts: PlanCounts;
  /** In their order. */
  readonly waves: readonly PlannedWave[];
  readonly leftOut: readonly LeftOut[];
  readonly cycles: OwnerCycles;
  /** Items that are so far below their owners that they would be applied together with some of them. */
  readonly tooDeep: number;
  /** In the order in which they are restored, as far as they fit. */
  readonly items: readonly PlannedItem[];
  /** Items that are not listed, by action; left out when all are. */
  readonly more?: Partial<PlanCounts>;
  /** Present where values, or whole diffs, are left out of `items`, because they did not fit. */
  readonly isShortened?: true;
}

interface PlannedWave {
  readonly name: string;
  readonly items: number;
}

/** Asks what a restore would do. */
export interface PreviewRestoreInput {
  readonly location: string;
  /** Of the restore that is not started. */
  readonly name: string;
  /** The spec of the request, or of the restore. */
  readonly spec: RestoreSpec;
  /** Of whoever may read the answer; see `SealedFor`. */
  readonly publicKey: string;
}

/** What is said of a restore that is not started. */
export type PreviewRestoreResult =
  | { readonly kind: 'refused'; readonly failure: FailureReport }
  /** The compressed JSON of a `RestorePlanReport`, encrypted for the public key of the question, in base64. */
  | { readonly kind: 'planned'; readonly sealed: string };
