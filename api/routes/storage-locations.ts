import type { FastifyInstance } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import type { LocationService } from '../locations/service.ts';
import { StorageLocationParams, StorageLocationQuery } from '../schemas/storage-location.ts';
import { problem, reference } from './runs.ts';

const BASE = `${API_BASE}/storage-locations`;
/** Fastify's path grammar for `/{name}:check`. */
const CHECK_PATH = '/:name(^[a-z0-9.-]+)::check';
const TAGS = ['storage-locations'];

interface OneLocation {
  Params: { name: string };
}

/** List and look at storage locations, and check what they can do. */
export function storageLocationRoutes(app: FastifyInstance, service: LocationService): void {
  const one = { params: StorageLocationParams, querystring: StorageLocationQuery, tags: TAGS };
  app.get(
    BASE,
    {
      schema: {
        summary: 'List the storage locations that are configured',
        querystring: StorageLocationQuery,
        tags: TAGS,
        response: { 200: reference('StorageLocationList'), default: problem() },
      },
    },
    () => service.list(),
  );
  app.get<OneLocation>(
    `${BASE}/:name`,
    {
      schema: {
        summary: 'Look at a storage location as it is configured',
        ...one,
        response: { 200: reference('StorageLocation'), default: problem() },
      },
    },
    ({ params: { name } }) => service.get(name),
  );
  app.post<OneLocation>(
    `${BASE}${CHECK_PATH}`,
    {
      schema: {
        summary: 'Try each operation of a storage location, from where the API runs',
        ...one,
        response: { 200: reference('StorageLocation'), default: problem() },
      },
    },
    ({ params: { name } }) => service.check(name),
  );
}
