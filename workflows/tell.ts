import {
  CancellationScope,
  ChildWorkflowCancellationType,
  log,
  ParentClosePolicy,
  startChild,
} from '@temporalio/workflow';

import { type CloudEvent, nameOfEvent } from '../domain/notifications/event.ts';
import { eventDetails } from '../domain/run-details.ts';
import { notifyWorkflowId } from '../domain/workflow-id.ts';
import { NOTIFY_WORKFLOW, type NotifyInput, type NotifyResult } from './contract.ts';
import { isAlreadyStarted } from './notify.ts';
import { reportOf } from './run-tracker.ts';

type NotifyWorkflow = (input: NotifyInput) => Promise<NotifyResult>;

/**
 * Has the endpoints of a cluster told of an event, by a workflow that is left alone; does nothing for an event that was
 * told before. Never fails. A cancel does not reach it, and who tells must not close before the other workflow is there.
 */
export function tell(cluster: string, event: CloudEvent): Promise<void> {
  return CancellationScope.nonCancellable(async () => {
    try {
      await startChild<NotifyWorkflow>(NOTIFY_WORKFLOW, {
        workflowId: notifyWorkflowId(event.id),
        args: [{ cluster, event }],
        staticSummary: `Tells of ${nameOfEvent(event)} of ${event.subject}`,
        staticDetails: eventDetails(cluster, event),
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
      });
    } catch (error) {
      if (!isAlreadyStarted(error)) {
        log.warn('nobody is notified', { event: event.type, code: reportOf(error).code });
      }
    }
  });
}
