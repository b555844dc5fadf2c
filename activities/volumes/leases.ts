import pLimit from 'p-limit';

import type { Dependencies } from '../dependencies.ts';
import type {
  AcquireLeasesInput,
  AcquireLeasesResult,
  FindClosedHoldersInput,
  FindClosedHoldersResult,
  GrantedLease,
  LeasesInput,
} from '../repository-contract.ts';

/** Requests to Temporal that one activity has under way. */
const REQUESTS_IN_FLIGHT = 8;

/** See `RepositoryActivities.acquireLeases`. */
export async function acquireLeases(
  { leases }: Dependencies,
  input: AcquireLeasesInput,
): Promise<AcquireLeasesResult> {
  const { location, clusterUid, cluster, namespaces, leaseId, purpose, holder } = input;
  const request = { leaseId, purpose, holder };
  const granted: GrantedLease[] = [];
  for (const namespace of namespaces) {
    const repository = { location, clusterUid, cluster, namespace };
    const answer = await leases.acquire(repository, request);
    if (answer.kind === 'queued') {
      return { granted, queued: { namespace, behind: answer.behind } };
    }
    granted.push({ namespace, epoch: answer.epoch });
  }
  return { granted };
}

/** See `RepositoryActivities.releaseLeases`. */
export async function releaseLeases({ leases }: Dependencies, input: LeasesInput): Promise<void> {
  const { location, clusterUid, namespaces, leaseId } = input;
  await pLimit(REQUESTS_IN_FLIGHT).map(namespaces, (namespace) =>
    leases.release({ location, clusterUid, namespace }, leaseId),
  );
}

/** See `RepositoryActivities.findClosedHolders`. */
export async function findClosedHolders(
  { leases }: Dependencies,
  { holders }: FindClosedHoldersInput,
): Promise<FindClosedHoldersResult> {
  const areClosed = await pLimit(REQUESTS_IN_FLIGHT).map(holders, (holder) =>
    leases.isClosed(holder),
  );
  return { closed: holders.filter((_, index) => areClosed[index]) };
}
