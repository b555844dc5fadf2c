import type { FastifyInstance } from 'fastify';

import { Failure } from '../../domain/failure.ts';
import type { LocationSet } from '../../storage/location-set.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { probeStore } from '../../storage/probe-store.ts';
import { ANSWERED_UNDER_PRESSURE } from '../plugins/hardening.ts';
import type { TemporalRuns } from '../runs/temporal.ts';

export interface HealthOptions {
  readonly temporal: TemporalRuns;
  readonly locations: LocationSet;
  readonly store: (location: string) => ObjectStore;
}

/** Longest that Temporal is waited for. */
const PROBE_TIMEOUT_MS = 2000;

/** `/livez`: the process answers. `/readyz`: so do Temporal and every location. */
export function healthRoutes(app: FastifyInstance, options: HealthOptions): void {
  const { temporal, locations, store } = options;
  app.get(
    '/livez',
    {
      schema: { summary: 'Whether the process answers', tags: ['health'] },
      config: ANSWERED_UNDER_PRESSURE,
    },
    () => ({
      status: 'ok',
    }),
  );
  app.get(
    '/readyz',
    { schema: { summary: 'Whether everything answers that a request needs', tags: ['health'] } },
    async () => {
      await Promise.all([
        // The client remembers for ever how its first connection went; a call of its own is asked anew each time.
        temporal.call(() => temporal.client.workflowService.getSystemInfo({}), PROBE_TIMEOUT_MS),
        ...locations.all.map(({ name }) => probe(name, store(name))),
      ]);
      return { status: 'ok', locations: locations.all.map(({ name }) => name) };
    },
  );
}

async function probe(name: string, store: ObjectStore): Promise<void> {
  try {
    await probeStore(store);
  } catch (error) {
    const code = error instanceof Failure ? error.code : 'location-unreachable';
    throw new Failure(code, `the storage location ${name} does not answer as it should`, {
      subject: name,
      cause: error,
    });
  }
}
