import type { FastifyInstance } from 'fastify';

import type { Metrics } from './registry.ts';

/** Up to five minutes, which a request for a preview may wait. */
const BUCKETS_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const MS_PER_SECOND = 1000;

/** Measures each request of an API by its route, never by its path, which has names in it. */
export function measureRequests(app: FastifyInstance, metrics: Metrics | undefined): void {
  if (metrics === undefined) {
    return;
  }
  const durations = metrics.histogram({
    name: 'holdfast_api_request_duration_seconds',
    help: 'Time from a request to the end of its answer, in seconds.',
    labels: ['method', 'route', 'code'],
    bucketsSeconds: BUCKETS_SECONDS,
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { url: route = 'unknown' } = request.routeOptions;
    // A method that no route has may be any text.
    const method = request.routeOptions.url === undefined ? 'unknown' : request.method;
    durations.observe({ method, route, code: reply.statusCode }, reply.elapsedTime / MS_PER_SECOND);
    done();
  });
}
