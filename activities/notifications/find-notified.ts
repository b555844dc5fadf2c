import { isWanted } from '../../domain/notifications/endpoint.ts';
import type { FindNotifiedInput, Notified } from '../notification-contract.ts';
import type { NotificationDependencies } from './dependencies.ts';

/** See `NotificationActivities.findNotified`. */
export async function findNotified(
  { endpoints }: NotificationDependencies,
  { event }: FindNotifiedInput,
): Promise<Notified> {
  const kept = await endpoints.list();
  return {
    endpoints: kept
      .filter(({ spec }) => spec !== undefined && isWanted(spec, event))
      .map(({ name, status }) => ({
        name,
        ...(status.state === 'Failing' ? { isFailing: true } : {}),
      })),
  };
}
