import type { FastifyInstance } from 'fastify';

import { isMapping } from '../../domain/fields.ts';
import type { LocationSet } from '../../storage/location-set.ts';

/** Sees to it that requests meet the locations there are, and that one which names none means the default one. */
export function knowLocations(app: FastifyInstance, locations: LocationSet): void {
  app.addHook('preHandler', async ({ query, body, routeOptions }) => {
    const spec = isMapping(body) && isMapping(body['spec']) ? body['spec'] : undefined;
    const isSchedule = routeOptions.url?.includes('/schedules') === true;
    const place = isSchedule ? spec : query;
    if (!isMapping(place)) {
      return;
    }
    const { location } = place;
    await locations.freshen(typeof location === 'string' ? location : undefined);
    place['location'] ??= locations.defaultName;
  });
}
