import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

import helmet from '@fastify/helmet';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';

import { Failure } from '../../domain/failure.ts';

/** How often the load of the process is looked at, and how often in a row it must be too much. */
const LOOK_MS = 2500;
const LOOKS_IN_A_ROW = 2;
/** Above it on average, a turn of the event loop takes so long that answers would come too late to be of use. */
const TURN_MAX_MS = 1000;
/** Part of the largest heap from which on each request may be the last. */
const HEAP_SHARE_MAX = 0.95;
const RETRY_AFTER_SECONDS = 5;
const NS_PER_MS = 1e6;

/** Answers are data: a browser loads nothing for them, shows them in no frame, and sends no form from them. */
const NOTHING_IS_LOADED = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** For a route that is answered however busy the process is. */
export const ANSWERED_UNDER_PRESSURE = { pressureHandler: () => undefined };

/** Sets the headers that protect browsers, and refuses requests while the process cannot keep up. */
export async function harden(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: NOTHING_IS_LOADED },
  });
  const load = new Load();
  await app.register(underPressure, {
    healthCheck: () => Promise.resolve(load.isBearable()),
    healthCheckInterval: LOOK_MS,
    retryAfter: RETRY_AFTER_SECONDS,
    customError: Overloaded,
  });
}

/** What a request gets while the process cannot keep up. */
class Overloaded extends Failure {
  constructor() {
    super('overloaded', 'the API has more to do than it can; send the request again later');
  }
}

/**
 * Whether the process keeps up. The limit of the plugin looks at one sample, and a single long turn, as at the start or
 * when the machine does something else, is no load.
 */
class Load {
  readonly #turns = monitorEventLoopDelay();
  readonly #heapMaxBytes = getHeapStatistics().heap_size_limit * HEAP_SHARE_MAX;
  #slowLooks = 0;

  constructor() {
    this.#turns.enable();
  }

  isBearable(): boolean {
    // Where no turn has ended yet there is no mean, and nothing to say.
    const isSlow = this.#turns.mean > TURN_MAX_MS * NS_PER_MS;
    this.#turns.reset();
    this.#slowLooks = isSlow ? this.#slowLooks + 1 : 0;
    return this.#slowLooks < LOOKS_IN_A_ROW && process.memoryUsage().heapUsed < this.#heapMaxBytes;
  }
}
