import type { FastifyInstance } from 'fastify';

import { API_BASE, API_VERSION } from '../../domain/api-resource.ts';
import { readInventory } from '../../storage/location-inventory.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import type { LocationService } from '../locations/service.ts';
import { StorageLocationParams, StorageLocationQuery } from '../schemas/storage-location.ts';
import { problem, reference } from './runs.ts';

interface InventorySources {
  readonly locations: LocationService;
  readonly guards: RouteGuards;
  readonly store: (location: string) => ObjectStore;
}

/** Whose backups a storage location holds, for those who have nothing else left. */
export function locationInventoryRoutes(app: FastifyInstance, sources: InventorySources): void {
  app.get<{ Params: { name: string } }>(
    `${API_BASE}/storage-locations/:name/inventory`,
    {
      config: {
        access: sources.guards.installation({
          ...{ verb: 'get', resource: 'storagelocations', subresource: 'inventory' },
        }),
      },
      schema: {
        summary: 'Whose backups, schedules and volume data a storage location holds',
        params: StorageLocationParams,
        querystring: StorageLocationQuery,
        tags: ['storage-locations'],
        response: { 200: reference('LocationInventory'), default: problem() },
      },
    },
    async ({ params: { name } }) => {
      const { metadata } = await Promise.resolve(sources.locations.get(name));
      const holdings = await readInventory(sources.store(metadata.name));
      return {
        apiVersion: API_VERSION,
        kind: 'LocationInventory',
        metadata: { name },
        ...holdings,
      };
    },
  );
}
