import {
  ChildWorkflowCancellationType,
  executeChild,
  isCancellation,
  log,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
} from '@temporalio/workflow';

import type { ExpiredBackup, PlanRetentionResult } from '../activities/schedule-contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureCode } from '../domain/failure.ts';
import { locationEvent } from '../domain/notifications/event.ts';
import { deletionDetails } from '../domain/run-details.ts';
import { deleteWorkflowId } from '../domain/workflow-id.ts';
import { activitiesOf } from './activity-profiles.ts';
import {
  DELETE_WORKFLOW,
  type DeleteInput,
  type DeleteResult,
  type ExpireBackupsInput,
  type ExpireBackupsResult,
} from './contract.ts';
import { inPool } from './pool.ts';
import { reportOf } from './run-tracker.ts';
import { tell } from './tell.ts';

/** Backups that are deleted at the same time. */
const DELETIONS_IN_FLIGHT = 4;
/** Locations that are told of at one look. */
const TOLD_MAX = 20;
/** Why a location can be called unavailable. */
const AWAY_CODES: ReadonlySet<FailureCode> = new Set([
  'location-unreachable',
  'location-forbidden',
]);
/** Earlier releases told nobody. */
const TELLS_OF_LOCATIONS = 'tells-of-locations';

type DeleteWorkflow = (input: DeleteInput) => Promise<DeleteResult>;

/** Deletes the backups of a cluster that have had their time. A schedule of its own starts it again and again. */
export async function expireBackups(input: ExpireBackupsInput): Promise<ExpireBackupsResult> {
  setCurrentDetails(`Looking for backups of ${input.cluster} that have had their time`);
  return deleteExpired(input);
}

/**
 * The same as a part of another workflow. One that cannot be deleted keeps no other from being deleted: the next look finds
 * it again.
 */
export async function deleteExpired(input: ExpireBackupsInput): Promise<ExpireBackupsResult> {
  const { cluster, patienceMs, schedule } = input;
  const {
    expired,
    kept,
    unread = [],
  } = await activitiesOf(cluster, patienceMs)
    .long('Choose the backups that have had their time')
    .planRetention({ cluster, ...(schedule === undefined ? {} : { schedule }) });
  for (const { location, code } of unread) {
    log.warn('a location was not looked at for backups that have had their time', {
      location,
      code,
    });
  }
  await tellOf(cluster, unread);
  const gone = await inPool(expired, DELETIONS_IN_FLIGHT, (backup) => deleteOne(backup, input));
  const deleted = gone.filter(Boolean).length;
  return {
    ...{ kept, deleted, failed: expired.length - deleted },
    ...(unread.length === 0 ? {} : { unread: unread.map(({ location }) => location) }),
  };
}

/** Tells of the locations that are away; once a day for each, however often it is looked. */
async function tellOf(
  cluster: string,
  unread: NonNullable<PlanRetentionResult['unread']>,
): Promise<void> {
  const away = unread.filter(({ code }) => AWAY_CODES.has(code)).slice(0, TOLD_MAX);
  if (away.length > 0 && patched(TELLS_OF_LOCATIONS)) {
    const time = recordTime(Date.now());
    await Promise.all(
      away.map(({ location, ...failure }) =>
        tell(cluster, locationEvent({ cluster, location, failure }, time)),
      ),
    );
  }
}

async function deleteOne(
  { location, name, runUid }: ExpiredBackup,
  { cluster, patienceMs }: ExpireBackupsInput,
): Promise<boolean> {
  try {
    await executeChild<DeleteWorkflow>(DELETE_WORKFLOW, {
      workflowId: deleteWorkflowId('Backup', { location, name }),
      args: [
        {
          ...{ kind: 'Backup', location, name, runUid, cluster, isExpiry: true },
          ...(patienceMs === undefined ? {} : { patienceMs }),
        },
      ],
      staticSummary: `Delete the backup ${name}, which has had its time`,
      staticDetails: deletionDetails({
        ...{ kind: 'Backup', location, name, cluster },
        why: 'it has had its time',
      }),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
    return true;
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    log.warn('a backup that has had its time was not deleted', {
      name,
      code: reportOf(error).code,
    });
    return false;
  }
}
