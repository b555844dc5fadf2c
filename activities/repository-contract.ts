import type { LeaseHolder, LeasePurpose } from '../domain/volumes/lease-table.ts';
import type { RepositoryKey } from '../domain/workflow-id.ts';

/** The activities about repositories that a cluster's workers do; what is said of `ClusterActivities` holds for them. */
export interface RepositoryActivities {
  /**
   * Asks for the leases of a run, one repository after the other in the order of the input, up to the first that must be
   * waited for; the workflow of a repository is started if need be. A lease that the run has already is granted again,
   * with the same epoch. Throws `repository-busy` where too many wait, and `already-finished` for a lease that was given
   * back.
   */
  acquireLeases(input: AcquireLeasesInput): Promise<AcquireLeasesResult>;
  /** Gives leases back: those that are held, those that wait, and those that nobody knows of. */
  releaseLeases(input: LeasesInput): Promise<void>;
  /** Says which runs have closed, or are not known any more. */
  findClosedHolders(input: FindClosedHoldersInput): Promise<FindClosedHoldersResult>;

  /**
   * Says whether there is a repository to maintain, and which locks of the engine lie in it; in a read-only location there
   * is none. Heartbeats.
   */
  listRepositoryLocks(input: RepositoryKey): Promise<RepositoryLocks>;
  /**
   * Removes the locks of a repository; only for one who has a lease for itself alone and knows that they belong to
   * nobody. Other locks than those of the input mean that somebody is at work, and then none is removed. Heartbeats.
   */
  unlockRepository(input: UnlockRepositoryInput): Promise<UnlessLocked<unknown>>;
  /** Looks for damage, and reads a part of the data. Throws `repository-damaged`. Heartbeats. */
  checkRepository(input: CheckRepositoryInput): Promise<UnlessLocked<unknown>>;
  /**
   * Takes out the snapshots that no record of a backup and no claim of the location refers to. Needs a lease for itself
   * alone. Heartbeats.
   */
  forgetSnapshots(input: RepositoryKey): Promise<UnlessLocked<ForgottenSnapshots>>;
  /** Removes data that no snapshot needs. Needs a lease for itself alone. Heartbeats. */
  pruneRepository(input: RepositoryKey): Promise<UnlessLocked<unknown>>;
}

/** Leases of repositories that lie in one location and hold volumes of one cluster. */
export interface LeasesInput extends Omit<RepositoryKey, 'namespace'> {
  readonly namespaces: readonly string[];
  /** The same in each of the repositories, and never used again. */
  readonly leaseId: string;
}

export interface AcquireLeasesInput extends LeasesInput {
  /** Whose workers look after the repositories. */
  readonly cluster: string;
  readonly purpose: Exclude<LeasePurpose, 'Maintenance'>;
  /** The run that the leases are for. */
  readonly holder: LeaseHolder;
}

export interface AcquireLeasesResult {
  readonly granted: readonly GrantedLease[];
  /** The repository that must be waited for; those after it were not asked. */
  readonly queued?: { readonly namespace: string; readonly behind: string };
}

export interface GrantedLease {
  readonly namespace: string;
  readonly epoch: number;
}

export interface FindClosedHoldersInput {
  readonly holders: readonly LeaseHolder[];
}

export interface FindClosedHoldersResult {
  readonly closed: readonly LeaseHolder[];
}

export interface RepositoryLocks {
  /** Without a repository there is nothing to maintain. */
  readonly isThere: boolean;
  readonly locks: readonly string[];
}

export interface UnlockRepositoryInput extends RepositoryKey {
  /** Ids of the locks that are known to belong to nobody. */
  readonly locks: readonly string[];
}

export interface CheckRepositoryInput extends RepositoryKey {
  /** Which of how many equal parts of the data is read, from 1. */
  readonly part: number;
  readonly of: number;
}

export interface ForgottenSnapshots {
  readonly forgotten: number;
  /** Snapshots that are left. */
  readonly snapshots: number;
}

/** A result, or the answer that a lock of the engine was in the way: nothing that another attempt would change. */
export type UnlessLocked<Result> =
  ({ readonly kind: 'Done' } & Result) | { readonly kind: 'Locked' };
