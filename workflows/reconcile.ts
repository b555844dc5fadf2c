import {
  ChildWorkflowCancellationType,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';

import {
  type FoundOrphans,
  isLeftover,
  isRemovable,
  type Orphan,
  type OrphanRun,
} from '../domain/orphan.ts';
import { deletionDetails } from '../domain/run-details.ts';
import { deleteWorkflowId } from '../domain/workflow-id.ts';
import { activitiesOf } from './activity-profiles.ts';
import {
  DELETE_WORKFLOW,
  type DeleteInput,
  type DeleteResult,
  type ReconcileInput,
} from './contract.ts';
import { inPool } from './pool.ts';
import { reportOf } from './run-tracker.ts';

/** Orphans that are removed at the same time. */
const REMOVALS_IN_FLIGHT = 4;

type DeleteWorkflow = (input: DeleteInput) => Promise<DeleteResult>;

/**
 * Looks for what dead runs have left in a location. Its states:
 *
 * - Looking: every object is listed; what may be an orphan is looked at again after its run was seen to have closed.
 * - Removing, if that was asked for: each orphan by itself. A deletion is a workflow of its own, which removes only what
 *   is the run's; what one removal meets keeps no other from going on, and is told in its place.
 */
export async function reconcile(input: ReconcileInput): Promise<FoundOrphans> {
  const { location, cluster, removal } = input;
  setCurrentDetails(`**Looking** · what dead runs have left in location ${location}`);
  const { long } = activitiesOf(cluster, input.patienceMs);
  const files = await long(`Look for what dead runs have left in location ${location}`).findOrphans(
    { location, cluster },
  );
  const snapshots = await long(
    `Compare the repositories of location ${location} with its backups`,
  ).findSnapshotOrphans({ location, cluster });
  const found: FoundOrphans = {
    orphans: [...files.orphans, ...snapshots.orphans],
    isMore: files.isMore || snapshots.isMore,
  };
  if (removal === 'None') {
    return found;
  }
  setCurrentDetails(
    `**Removing** · ${String(found.orphans.length)} orphans of location ${location}`,
  );
  const orphans = await inPool(found.orphans, REMOVALS_IN_FLIGHT, (orphan) =>
    isRemovable(orphan) ? removed(orphan, input) : Promise.resolve(orphan),
  );
  return { ...found, orphans };
}

async function removed(orphan: Orphan, input: ReconcileInput): Promise<Orphan> {
  try {
    if (orphan.repository !== undefined) {
      await requestMaintenance(orphan.repository, input);
      return { ...orphan, outcome: 'Requested' };
    }
    if (isLeftover(orphan.kind)) {
      const { location, cluster, patienceMs } = input;
      const { long } = activitiesOf(cluster, patienceMs);
      await long(`Remove ${orphan.place}`).removeLeft({
        ...{ location, cluster, kind: orphan.kind, place: orphan.place },
      });
    } else if (orphan.run !== undefined) {
      await removeOf(orphan.run, orphan, input);
    }
    return { ...orphan, outcome: 'Removed' };
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    const { code, message } = reportOf(error);
    return { ...orphan, outcome: 'Failed', failure: { code, message } };
  }
}

async function removeOf(
  { kind, name, runUid }: OrphanRun,
  orphan: Orphan,
  { location, cluster, patienceMs }: ReconcileInput,
): Promise<void> {
  if (orphan.kind === 'LeftWork') {
    const { long } = activitiesOf(cluster, patienceMs);
    const activities = long(`Remove what ${kind.toLowerCase()} ${name} has left`);
    const clean = { location, name, runUid, scope: 'work' } as const;
    await (kind === 'Backup' ? activities.cleanBackup(clean) : activities.cleanRestore(clean));
    return;
  }
  await executeChild<DeleteWorkflow>(DELETE_WORKFLOW, {
    workflowId: deleteWorkflowId(kind, { location, name }),
    args: [
      {
        kind,
        location,
        name,
        runUid,
        cluster,
        ...(patienceMs === undefined ? {} : { patienceMs }),
      },
    ],
    staticSummary: `Delete what the ${kind.toLowerCase()} ${name} has left`,
    staticDetails: deletionDetails({
      ...{ kind, location, name, cluster },
      why: 'its run is dead, and it was found by a reconciliation',
    }),
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
}

/** A repository that was used is maintained after it; whoever waits for it already goes first. */
async function requestMaintenance(
  { clusterUid, namespace }: NonNullable<Orphan['repository']>,
  { location, cluster, patienceMs }: ReconcileInput,
): Promise<void> {
  const { workflowId, runId } = workflowInfo();
  const { short } = activitiesOf(cluster, patienceMs);
  const activities = short(`Ask for the maintenance of the repository of ${namespace}`);
  const lease = { location, clusterUid, namespaces: [namespace], leaseId: `${runId}/${namespace}` };
  const holder = { workflowId, runId };
  await activities.acquireLeases({ ...lease, cluster, purpose: 'Backup', holder });
  await activities.releaseLeases(lease);
}
