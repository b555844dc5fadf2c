import type { FailureReport } from '../domain/failure.ts';
import type { RunReference } from '../domain/run-reference.ts';

/** The activities of the hooks of a restore; what is said of `ClusterActivities` holds for them. */
export interface RestoreHookActivities {
  /** Stores which restored pods have hooks, in batches. Heartbeats. */
  planRestoreHooks(input: PlanRestoreHooksInput): Promise<PlannedRestoreHooks>;
  /**
   * Runs the hooks of a batch of restored pods, one after the other in each pod, when their containers run or are ready. A
   * hook that fails is an end of it. A hook whose end an earlier attempt has noted is not run again; one that was under
   * way when that attempt was lost is. Throws, when the other pods of the batch have ended, what is worth another
   * attempt: `cluster-unreachable`. Heartbeats.
   */
  runRestoreHooks(input: HookBatchInput): Promise<void>;
}

export interface PlanRestoreHooksInput extends RunReference {
  /** The shards with pods that have hooks. */
  readonly shards: readonly { readonly shard: number; readonly attempt: string }[];
}

export interface PlannedRestoreHooks {
  readonly pods: number;
  readonly batches: number;
}

export interface HookBatchInput extends RunReference {
  readonly batch: number;
}

/** The batches of pods whose hooks a restore was to run, and what kept it from running them all. */
export interface RunHooks {
  readonly batches: number;
  readonly failure?: FailureReport;
}
