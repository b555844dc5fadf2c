import type { BackupProblems } from '../domain/backup.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { ItemsCall, OperationsCall } from '../domain/plugins/contract.ts';
import type { CallTimes } from '../domain/plugins/plugin.ts';
import type { KindReference, RunReference } from '../domain/run-reference.ts';

/**
 * The activities of a cluster's workers that stand between a run and the plugins: they say what a plugin is asked, and
 * take what it answered. What is said of `ClusterActivities` holds for them.
 */
export interface PluginRunActivities {
  /**
   * Says which items the actions of plugins see, and stores the calls for them. Of a backup in the first round what it
   * takes, in a later one the items that plugins added in the round before; of a restore what some shards apply, and later
   * what was added to it, which is stored as shards. Heartbeats.
   */
  planPluginCalls(input: PlanPluginCallsInput): Promise<PluginRound>;
  /** What a plugin is asked in one call. */
  readPluginCall(input: PluginCallInput): Promise<PluginCall<ItemsCall>>;
  /** Checks the answer to a call and stores what it says; of a call that failed, that its items failed. */
  storePluginAnswer(input: StorePluginAnswerInput): Promise<StoredAnswer>;
  /** Stores operations in batches of one plugin each: those that are waited for, or that have to be cancelled. Heartbeats. */
  planPluginOperations(input: PlanOperationsInput): Promise<PlannedOperations>;
  /** What a plugin is asked about the operations of one batch. */
  readPluginOperations(input: OperationBatchInput): Promise<PluginCall<OperationsCall>>;
  /**
   * Stores how the operations of a batch ended, and says which of them have to be cancelled since they have not. Of these
   * the failure says why.
   */
  storePluginOperations(input: StoreOperationsInput): Promise<StoredOperations>;
  /**
   * Stores in batches which plugins have to remove something of an ended backup: those with operations in it, and those that
   * want to be told of every deletion. One that is registered no more is not asked. Where there are any, the record goes
   * first. Heartbeats.
   */
  planPluginDeletion(input: RunReference): Promise<PlannedOperations>;
  /**
   * Writes operations that could not be cancelled to the file of item operations, so that the deletion of the backup tells
   * their plugins.
   */
  keepPluginOperations(input: KeepOperationsInput): Promise<void>;
  /**
   * Writes the file of item operations, and says what of all that plugins answered and did is a problem of the backup. What
   * may go on stands in the file as well, so that the deletion of the backup tells its plugins. Heartbeats.
   */
  recordPlugins(input: RecordPluginsInput): Promise<BackupProblems>;
}

/** One pass over items; a later one is for the items that plugins added. Its number is its place in the list. */
export interface PluginRound {
  /** Part of the keys of its calls that no other attempt has. */
  readonly attempt: string;
  readonly calls: number;
  /** Types about which plugins could not be asked, the first of them; left out where there are none. */
  readonly problems?: readonly FailureReport[];
  /** Of a restore: what this and the earlier rounds add; left out where nothing was added since the round before. */
  readonly added?: AddedShards;
}

export interface PlanPluginCallsInput extends KindReference {
  /** The rounds before this one. */
  readonly rounds: readonly PluginRound[];
  /** Of a restore: the shards that are applied next. */
  readonly shards?: AskedShards;
}

/** Shards of the plan of a restore. */
export interface PlannedShards {
  readonly planAttempt: string;
  readonly shards: readonly number[];
}

/** Shards of items that plugins added to a restore, which are no part of its plan. */
export interface AddedShards extends PlannedShards {
  readonly items: number;
  /** The first shard that comes after the data of claims was written; left out where none has to. */
  readonly claimsFirst?: number;
}

/** What a restore applies next, and what was before that. */
export interface AskedShards extends PlannedShards {
  /** What plugins added before earlier waves. */
  readonly added?: readonly PlannedShards[];
  /** The data of claims was written. */
  readonly isAfterClaims?: true;
}

export interface PluginCallInput extends KindReference {
  readonly attempt: string;
  readonly call: number;
}

/** A call of a plugin. Times are in milliseconds. */
export interface PluginCall<Call> extends CallTimes {
  readonly plugin: string;
  readonly call: Call;
}

export interface StorePluginAnswerInput extends PluginCallInput {
  /** What the plugin answered; left out when the call failed. */
  readonly answer?: unknown;
  /** Why there is no answer. */
  readonly failure?: FailureReport;
  /** No worker has taken the call, so that nothing was begun. */
  readonly isUntaken?: true;
  /** RFC 3339. */
  readonly answeredAt: string;
}

export interface StoredAnswer {
  /** Operations that are waited for. */
  readonly operations: number;
  /** Items for which the action failed, and may have begun an operation. */
  readonly voids: number;
  /** Items that are left out, or taken as they are, since the action failed for them; and other faults. */
  readonly errors: number;
  /** Items that are added; left out where there are none. */
  readonly added?: number;
  /** Whether some of these may have volumes. */
  readonly addsVolumes?: true;
}

export interface PlanOperationsInput extends KindReference {
  /**
   * `waited`: those that a run waits for; `void`: those of items for which the action failed; `all`: all that may have been
   * begun, also by calls that were never answered, whatever attempt planned them.
   */
  readonly scope: 'waited' | 'void' | 'all';
  /** Left out for `all`. */
  readonly rounds?: readonly PluginRound[];
  /** Plugins that are registered no more are left out: nobody could be told. */
  readonly isRegisteredOnly?: true;
}

export interface PlannedOperations {
  readonly attempt: string;
  readonly batches: number;
  readonly operations: number;
}

export interface OperationBatchInput extends KindReference {
  readonly attempt: string;
  readonly batch: number;
}

export interface StoreOperationsInput extends OperationBatchInput {
  /** What the plugin said last. */
  readonly answer?: unknown;
  /** Why operations that run, or of which nothing is known, count as failed. */
  readonly failure?: FailureReport;
  readonly endedAt: string;
}

export interface StoredOperations {
  readonly completed: number;
  readonly failed: number;
  /** Ids of the requests whose operations may still be at work. */
  readonly open: readonly string[];
}

export interface RecordPluginsInput extends RunReference {
  readonly rounds: readonly PluginRound[];
  /** Left out where there were no operations. */
  readonly operations?: PlannedOperations;
  /** Operations that failed calls may have begun, and that could not be cancelled; left out where there are none. */
  readonly uncancelled?: UncancelledBatches;
  /** What of void or late operations could not be cancelled. */
  readonly notCancelled: readonly FailureReport[];
}

/** Batches of operations that may go on, though nobody waits for them. */
export interface UncancelledBatches {
  readonly attempt: string;
  readonly batches: readonly number[];
  /** RFC 3339. */
  readonly endedAt: string;
}

export interface KeepOperationsInput extends RunReference, UncancelledBatches {}
