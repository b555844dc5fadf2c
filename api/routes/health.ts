import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

import { ANSWERED_UNDER_PRESSURE } from '../plugins/hardening.ts';
import type { Readiness } from '../status/readiness.ts';
import { problem } from './runs.ts';

/** Nobody is asked who they are. */
const SCHEMA = { tags: ['health'], security: [] };
const Ok = Type.Literal('ok');
const Live = Type.Object({ status: Ok }, { description: 'The process answers.' });
const Ready = Type.Object(
  { status: Ok, parts: Type.Array(Type.String(), { description: 'What was asked.' }) },
  { description: 'Every part answers.' },
);

/** `/livez`: the process answers. `/readyz`: so does all that a request needs. The app has the schema of problems. */
export function healthRoutes(app: FastifyInstance, readiness: Readiness): void {
  app.get(
    '/livez',
    {
      schema: {
        summary: 'Whether the process answers',
        ...SCHEMA,
        response: { 200: Live, default: problem() },
      },
      config: ANSWERED_UNDER_PRESSURE,
    },
    () => ({
      status: 'ok',
    }),
  );
  app.get(
    '/readyz',
    {
      schema: {
        summary: 'Whether everything answers that a request needs',
        ...SCHEMA,
        response: { 200: Ready, default: problem() },
      },
    },
    async () => ({ status: 'ok', parts: await readiness.require() }),
  );
}
