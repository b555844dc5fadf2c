import type { FastifyInstance } from 'fastify';

import { Failure } from '../../domain/failure.ts';
import type { StorageLocation } from '../../domain/storage-location.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { TemporalRuns } from '../runs/temporal.ts';

export interface HealthOptions {
  readonly temporal: TemporalRuns;
  readonly locations: readonly StorageLocation[];
  readonly store: (location: string) => ObjectStore;
}

/** Is never there; asking for it shows that the location answers. */
const PROBE_KEY = 'metadata/holdfast/probe';

/** `/livez`: the process answers. `/readyz`: so do Temporal and every location. */
export function healthRoutes(app: FastifyInstance, options: HealthOptions): void {
  const { temporal, locations, store } = options;
  app.get(
    '/livez',
    { schema: { summary: 'Whether the process answers', tags: ['health'] } },
    () => ({
      status: 'ok',
    }),
  );
  app.get(
    '/readyz',
    { schema: { summary: 'Whether everything answers that a request needs', tags: ['health'] } },
    async () => {
      await Promise.all([
        temporal.call(() => temporal.client.connection.ensureConnected()),
        ...locations.map(({ name }) => probe(name, store(name))),
      ]);
      return { status: 'ok', locations: locations.map(({ name }) => name) };
    },
  );
}

async function probe(name: string, store: ObjectStore): Promise<void> {
  try {
    await store.head(PROBE_KEY);
  } catch (error) {
    const code = error instanceof Failure ? error.code : 'location-unreachable';
    throw new Failure(code, `the storage location ${name} does not answer as it should`, {
      subject: name,
      cause: error,
    });
  }
}
