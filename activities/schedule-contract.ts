import type { FailureReport } from '../domain/failure.ts';
import type { RunKey } from '../domain/workflow-id.ts';

/** What activities do for schedules and for what they leave. Bounded as `ClusterActivities` says. */
export interface RetentionActivities {
  /**
   * Chooses the backups of a cluster that have had their time: by TTL, hold and the keep rules of their schedules. Reads
   * the records of the locations. Of all locations, one that fails keeps none of the others from being looked at, and is
   * told; one that is asked for alone throws.
   */
  planRetention(input: PlanRetentionInput): Promise<PlanRetentionResult>;
}

export interface PlanRetentionInput {
  readonly cluster: string;
  /** The schedule whose backups are looked at, and where they are; all of all locations when left out. */
  readonly schedule?: RunKey;
}

export interface PlanRetentionResult {
  /** Backups to delete, oldest first; so many at most that the next look may find more. */
  readonly expired: readonly ExpiredBackup[];
  readonly kept: number;
  /** Locations that could not be looked at, with why; left out when there are none. */
  readonly unread?: readonly (FailureReport & { readonly location: string })[];
}

export interface ExpiredBackup extends RunKey {
  readonly runUid: string;
}
