import type { FastifyInstance } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import { fields, isMapping } from '../../domain/fields.ts';
import type { LocationSet } from '../../storage/location-set.ts';

/**
 * Sees to it that requests meet the locations there are, and that one which names none means the default one. Probes of
 * the process wait for no cluster.
 */
export function knowLocations(app: FastifyInstance, locations: LocationSet): void {
  app.addHook('preHandler', async ({ method, query, body, routeOptions }) => {
    const { url = '' } = routeOptions;
    if (!url.startsWith(API_BASE)) {
      return;
    }
    // What a patch leaves out stays as it is.
    const spec = method === 'PATCH' ? undefined : fields(body)['spec'];
    const place = url.startsWith(`${API_BASE}/schedules`) ? spec : query;
    const location = isMapping(place) ? place['location'] : undefined;
    await locations.freshen(typeof location === 'string' ? location : undefined);
    if (isMapping(place)) {
      place['location'] ??= locations.defaultName;
    }
  });
}
