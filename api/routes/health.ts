import type { FastifyInstance } from 'fastify';

import { ANSWERED_UNDER_PRESSURE } from '../plugins/hardening.ts';
import type { Readiness } from '../status/readiness.ts';

/** `/livez`: the process answers. `/readyz`: so does all that a request needs. */
export function healthRoutes(app: FastifyInstance, readiness: Readiness): void {
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
    async () => ({ status: 'ok', parts: await readiness.require() }),
  );
}
