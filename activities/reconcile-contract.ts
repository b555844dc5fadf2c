import type { FoundOrphans, LeftoverKind } from '../domain/orphan.ts';

/** What activities do to find what dead runs have left. Bounded as `ClusterActivities` says. */
export interface ReconcileActivities {
  /**
   * Lists every object of the runs of a location, and says what no run needs any more. A run counts as dead only when
   * Temporal says that it has closed; what it left is looked at once more after that. So it does with uploads, with what
   * checks of the location have written, and with the pods of runs. Changes nothing. Heartbeats.
   */
  findOrphans(input: FindOrphansInput): Promise<FoundOrphans>;
  /**
   * Compares the repositories of the cluster in a location with the records of its backups: snapshots that nothing refers
   * to, and those that a record names and that are not there. Changes nothing. Heartbeats. Throws what reading a
   * repository does.
   */
  findSnapshotOrphans(input: FindOrphansInput): Promise<FoundOrphans>;
  /**
   * Removes uploads, what a check of the location has written, or a pod, as `findOrphans` named them, if they are still what
   * nobody needs; what is gone counts as removed. Heartbeats. Throws `timed-out` for a pod that does not go.
   */
  removeLeft(input: RemoveLeftInput): Promise<void>;
}

export interface FindOrphansInput {
  readonly location: string;
  /** Only what runs of this cluster left, and what does not say. */
  readonly cluster: string;
}

export interface RemoveLeftInput extends FindOrphansInput {
  readonly kind: LeftoverKind;
  /** As the orphan has it. */
  readonly place: string;
}
