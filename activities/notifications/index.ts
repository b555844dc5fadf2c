import type { NotificationActivities } from '../notification-contract.ts';
import { redactFailures } from '../redact-failures.ts';
import { deliverNotification } from './deliver-notification.ts';
import type { NotificationDependencies } from './dependencies.ts';
import { findNotified } from './find-notified.ts';
import { giveUpNotification } from './give-up-notification.ts';

/** The activities that send notifications, each with its failures redacted. */
export function createNotificationActivities(
  deps: NotificationDependencies,
): NotificationActivities {
  return {
    findNotified: (input) => redactFailures(() => findNotified(deps, input)),
    deliverNotification: (input) => redactFailures(() => deliverNotification(deps, input)),
    giveUpNotification: (input) => redactFailures(() => giveUpNotification(deps, input)),
  };
}
