import type { NotificationEndpointResource } from '../notifications/api-endpoint.ts';
import type { DoctorCheck } from './checks.ts';

const NAME = 'NotificationEndpoint';

/** What is known of the deliveries to a notification endpoint comes to. Backups go on whatever it is, so nothing has failed. */
export function endpointCheck({ metadata, status }: NotificationEndpointResource): DoctorCheck {
  const { name: subject } = metadata;
  const { state, lastFailure, problem } = status;
  if (problem !== undefined) {
    const advice = `correct it: holdfast notification replace ${subject}`;
    return { name: NAME, subject, result: 'Warning', message: problem.message, advice };
  }
  if (lastFailure === undefined) {
    return { name: NAME, subject, result: 'Ok', message: `is ${state}` };
  }
  return {
    ...{ name: NAME, subject, result: 'Warning' },
    message: `is ${state}: ${lastFailure.message} (at ${lastFailure.time})`,
    advice: `when that is mended: holdfast notification test ${subject}`,
  };
}

/** Where the endpoints cannot even be listed. */
export function endpointsUnknownCheck(message: string): DoctorCheck {
  const advice = 'let the account of the API list notificationendpoints.holdfast.dev';
  return { name: NAME, result: 'Warning', message, advice };
}
