import type { RunKey } from '../domain/workflow-id.ts';

/** What activities do for schedules and for what they leave. Bounded as `ClusterActivities` says. */
export interface RetentionActivities {
  /**
   * Chooses the backups of a cluster that have had their time: by TTL, hold and the keep rules of their schedules. Reads
   * the records of the locations. Throws what those throw.
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
}

export interface ExpiredBackup extends RunKey {
  readonly runUid: string;
}
