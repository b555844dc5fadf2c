import type { FailureReport } from '../domain/failure.ts';
import type { CloudEvent } from '../domain/notifications/event.ts';
import type { RetryPlan } from '../domain/notifications/retry-plan.ts';

/**
 * The activities that send notifications, on a task queue of their own: a receiver that does not answer takes no place of
 * what backups need. What `ClusterActivities` says of failures and sizes holds here too.
 */
export interface NotificationActivities {
  /** The endpoints that want to know of an event, 50 at most. Reads only. */
  findNotified(input: FindNotifiedInput): Promise<Notified>;
  /**
   * Sends an event once, signed, and notes in the status of the endpoint what came of it. Run twice it sends the event
   * twice, under the same id. Throws `notification-failed`, which says after what pause to try again, and `endpoint-gone`.
   */
  deliverNotification(input: DeliverNotificationInput): Promise<Delivered>;
  /** Notes in the status of an endpoint that an event was not delivered. May be repeated. */
  giveUpNotification(input: GiveUpInput): Promise<void>;
}

export interface FindNotifiedInput {
  readonly event: CloudEvent;
}

export interface Notified {
  readonly endpoints: readonly NotifiedEndpoint[];
}

export interface NotifiedEndpoint {
  readonly name: string;
  /** It has let an event go by. */
  readonly isFailing?: true;
}

export interface DeliverNotificationInput {
  readonly endpoint: string;
  readonly event: CloudEvent;
  readonly plan: RetryPlan;
}

/** Delivered, with the HTTP status of the answer, or there was no endpoint any more. */
export type Delivered =
  | { readonly outcome: 'Delivered'; readonly status: number }
  | { readonly outcome: 'EndpointDeleted' };

export interface GiveUpInput {
  readonly endpoint: string;
  readonly event: CloudEvent;
  readonly failure: FailureReport;
}
