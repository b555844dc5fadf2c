import { recordTime } from '../../domain/duration.ts';
import type { GiveUpInput } from '../notification-contract.ts';
import type { NotificationDependencies } from './dependencies.ts';

/** See `NotificationActivities.giveUpNotification`. */
export async function giveUpNotification(
  { endpoints }: NotificationDependencies,
  { endpoint, event, failure }: GiveUpInput,
): Promise<void> {
  const { id, type } = event;
  const lastFailure = { time: recordTime(Date.now()), id, type, message: failure.message };
  await endpoints.note(endpoint, { state: 'Failing', lastFailure });
}
