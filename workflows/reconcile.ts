import {
  ChildWorkflowCancellationType,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
} from '@temporalio/workflow';

import { type FoundOrphans, isRemovable, type Orphan, type OrphanRun } from '../domain/orphan.ts';
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
  const found = await activitiesOf(cluster, input.patienceMs)
    .long(`Look for what dead runs have left in location ${location}`)
    .findOrphans({ location, cluster });
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
    if (orphan.run !== undefined) {
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
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
}
