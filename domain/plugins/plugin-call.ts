import type { IndexLine } from '../backup-index.ts';
import type { FailureReport } from '../failure.ts';
import type { ItemReference } from '../item.ts';
import type { JsonPatchOperation } from '../restore/modifiers/modifier-rule.ts';
import type { ItemCall } from './contract.ts';

/** What becomes of an item for which an action fails. */
export type ActionErrorMode = 'Fail' | 'Continue';

/** One call of an action, as it was planned: stored while the run is under way. */
export interface PlannedCall {
  readonly plugin: string;
  readonly action: string;
  readonly onError: ActionErrorMode;
  /** Place of the action among those of the run. */
  readonly order: number;
  readonly items: readonly ItemCall[];
  /** Of a restore: how the objects of the items are read, in their order. */
  readonly lines?: readonly IndexLine[];
}

/** What an action said of one item, checked. */
export interface ItemOutcome {
  readonly requestId: string;
  readonly item: ItemReference;
  readonly patch?: readonly JsonPatchOperation[];
  /** Why the item is left out. */
  readonly skip?: string;
  readonly additionalItems?: readonly ItemReference[];
  readonly waitForAdditionalItems?: true;
  readonly operation?: { readonly id: string; readonly description?: string };
  /** Why the action failed; an operation beside it is void. */
  readonly failure?: FailureReport;
  /** It failed, and nobody knows whether an operation was begun. */
  readonly mayHaveBegun?: true;
}

/** What a call came to: what it has to say of its items, and what is wrong with it beside them. */
export interface CallOutcome extends Omit<PlannedCall, 'items' | 'lines'> {
  readonly items: readonly ItemOutcome[];
  /** Answers for items that nobody asked about. */
  readonly faults: readonly FailureReport[];
  /** When the answer was taken, RFC 3339. */
  readonly answeredAt: string;
}

/** What became of an operation. */
export interface OperationEnd {
  readonly requestId: string;
  readonly phase: 'Completed' | 'Failed';
  readonly progress?: OperationProgress;
  readonly failure?: FailureReport;
}

interface OperationProgress {
  readonly done: number;
  readonly total?: number;
  readonly unit?: string;
  readonly description?: string;
}
