import type { LeaseAnswer, LeaseHolder, LeaseRequest } from '../../domain/volumes/lease-table.ts';
import type { RepositoryKey } from '../../domain/workflow-id.ts';

/**
 * The workflows of repositories, and the runs that use these. Every call may be repeated. Throws `Failure`:
 * `temporal-unreachable`, `temporal-forbidden`, and what the method names.
 */
export interface Leases {
  /**
   * Asks a repository for a lease, and starts its workflow if there is none. Throws `repository-busy` and
   * `already-finished`.
   */
  acquire(repository: RepositoryOf, request: LeaseRequest): Promise<LeaseAnswer>;
  /** Gives a lease back; that the repository has no workflow is no failure. */
  release(repository: RepositoryKey, leaseId: string): Promise<void>;
  /** Whether a run has closed, or is not known any more. */
  isClosed(holder: LeaseHolder): Promise<boolean>;
}

/** A repository and the cluster whose workers look after it. */
export interface RepositoryOf extends RepositoryKey {
  readonly cluster: string;
}
