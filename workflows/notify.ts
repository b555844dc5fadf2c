import {
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  setCurrentDetails,
  startChild,
} from '@temporalio/workflow';

import type { Delivered, NotifiedEndpoint } from '../activities/notification-contract.ts';
import { nameOfEvent } from '../domain/notifications/event.ts';
import { eventDetails } from '../domain/run-details.ts';
import { FAILING_RETRY_PLAN, RETRY_PLAN } from '../domain/notifications/retry-plan.ts';
import { deliverWorkflowId } from '../domain/workflow-id.ts';
import { notificationActivitiesOf } from './activity-profiles.ts';
import {
  DELIVER_NOTIFICATION_WORKFLOW,
  type DeliverInput,
  type NotifyInput,
  type NotifyResult,
} from './contract.ts';
import { failureOf } from './failure.ts';
import { reportOf } from './run-tracker.ts';

type DeliverWorkflow = (input: DeliverInput) => Promise<Delivered>;

/**
 * Tells of an event: finds the endpoints that want to know of it, starts a delivery to each, and ends. What it tells of
 * neither waits for it nor fails with it. One that is started again for the same event finds its deliveries there.
 */
export async function notify({ cluster, event }: NotifyInput): Promise<NotifyResult> {
  setCurrentDetails(`**Asking** · who is to know of ${event.type} of ${event.subject}`);
  const { endpoints } = await notificationActivitiesOf({ cluster, plan: RETRY_PLAN })(
    'Find the endpoints',
  ).findNotified({ event });
  await Promise.all(endpoints.map((endpoint) => startDelivery({ cluster, event }, endpoint)));
  return { endpoints: endpoints.length };
}

/**
 * Delivers an event to one endpoint. Its states:
 *
 * - `Delivering`: the event is sent, and sent again after pauses that grow, for three days; history holds none of these
 *   attempts.
 * - `Delivered`, or `EndpointDeleted`: ended.
 * - a test that failed ends with what was answered.
 * - given up: the status of the endpoint says that it is `Failing`, and the workflow fails with what was answered last.
 */
export async function deliverNotification(input: DeliverInput): Promise<Delivered> {
  const { cluster, endpoint, event, plan } = input;
  setCurrentDetails(`**Delivering** · ${event.type} of ${event.subject} to ${endpoint}`);
  try {
    return await notificationActivitiesOf({ cluster, plan })(
      `Send ${nameOfEvent(event)} to ${endpoint}`,
    ).deliverNotification({ endpoint, event, plan });
  } catch (error) {
    const failure = reportOf(error);
    if (input.isTest === true) {
      throw failureOf(failure);
    }
    await notificationActivitiesOf({ cluster, plan: RETRY_PLAN })(
      `Note that ${endpoint} fails`,
    ).giveUpNotification({ endpoint, event, failure });
    throw failureOf(failure);
  }
}

async function startDelivery(
  { cluster, event }: NotifyInput,
  { name, isFailing }: NotifiedEndpoint,
): Promise<void> {
  const plan = isFailing === true ? FAILING_RETRY_PLAN : RETRY_PLAN;
  try {
    await startChild<DeliverWorkflow>(DELIVER_NOTIFICATION_WORKFLOW, {
      workflowId: deliverWorkflowId(event.id, name),
      args: [{ cluster, event, endpoint: name, plan }],
      staticSummary: `${nameOfEvent(event)} of ${event.subject} to ${name}`,
      staticDetails: eventDetails(cluster, event),
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
    });
  } catch (error) {
    if (!isAlreadyStarted(error)) {
      throw error;
    }
  }
}

/** Whether the workflow of an id runs, or has ended. */
export function isAlreadyStarted(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError';
}
