import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { Failure } from '../../domain/failure.ts';

/** How many requests one caller may send in a minute, to read and to change something. */
export interface RateLimits {
  readonly reads: number;
  readonly writes: number;
}

const WINDOW_MS = 60_000;
/** Callers that are counted at the same time; those who have not called for longest are forgotten. */
const CALLERS_MAX = 10_000;
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Refuses requests of a caller who sends too many, by who they are and not by where they come from: those behind one proxy
 * take nothing from each other. Each process counts by itself. Answers tell how many are left, as
 * draft-ietf-httpapi-ratelimit-headers says, and `Retry-After`.
 */
export async function limitRates(app: FastifyInstance, limits: RateLimits): Promise<void> {
  await app.register(rateLimit, {
    hook: 'preHandler',
    timeWindow: WINDOW_MS,
    cache: CALLERS_MAX,
    enableDraftSpec: true,
    keyGenerator: (request) => `${kindOf(request)} ${senderOf(request)}`,
    max: (request) => limits[kindOf(request)],
    allowList: ({ routeOptions: { config } }) =>
      config.access === undefined || config.access === 'public',
    errorResponseBuilder: (request, { max }) => {
      const username = senderOf(request);
      const what = kindOf(request) === 'reads' ? 'read' : 'change something';
      const text = `${username} has sent ${String(max)} requests to ${what} within a minute; wait as long as Retry-After says`;
      return new Failure('rate-limited', text, { subject: username });
    },
  });
}

/** Asked for also of public routes, which have no sender and are not counted. */
function senderOf({ access }: FastifyRequest): string {
  return (access as typeof access | undefined)?.subject.username ?? '';
}

function kindOf({ method }: FastifyRequest): keyof RateLimits {
  return READS.has(method) ? 'reads' : 'writes';
}
