import fastify, { type FastifyInstance } from 'fastify';

import { answerError, handleErrors } from '../errors.ts';
import { harden } from '../plugins/hardening.ts';
import { healthRoutes } from '../routes/health.ts';
import { ProblemSchema } from '../schemas/run.ts';
import type { Readiness } from '../status/readiness.ts';
import type { Metrics } from './registry.ts';

interface MetricsAppOptions {
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly logLevel: string;
}

/**
 * Builds what listens for Prometheus and for probes, on a port of its own: it asks nobody who they are, and a network
 * policy can tell it from the API.
 */
export async function buildMetricsApp(options: MetricsAppOptions): Promise<FastifyInstance> {
  const { metrics, readiness, logLevel } = options;
  const app = fastify({
    logger: logLevel === 'silent' ? false : { level: logLevel, msgPrefix: 'metrics: ' },
    // Probes and scrapes come every few seconds, and say nothing.
    disableRequestLogging: true,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
  });
  handleErrors(app);
  await harden(app);
  app.addSchema(ProblemSchema);
  healthRoutes(app, readiness);
  const { registry } = metrics;
  app.get('/metrics', async (_, reply) => {
    reply.header('content-type', registry.contentType);
    return registry.metrics();
  });
  return app;
}
