import type { FastifyInstance, FastifyReply } from 'fastify';

import { Failure } from '../../domain/failure.ts';
import { untilClosed } from '../routes/runs.ts';

/** Streams that a process has open; each costs a look at its run every second, which those of one run share. */
const STREAMS_MAX = 1000;

/** What every stream says beside what it consists of. */
export const STREAM_HEADERS = {
  'cache-control': 'no-store',
  // For proxies that would collect it.
  'x-accel-buffering': 'no',
  // A process that ends would wait for a connection that is kept for more.
  connection: 'close',
} as const;

/** The streams of a process, which all end when it does: an open one would keep it alive. */
export class Streams {
  readonly #open = new Set<AbortController>();

  constructor(app: FastifyInstance) {
    app.addHook('preClose', (done) => {
      for (const stream of this.#open) {
        stream.abort();
      }
      done();
    });
  }

  /** Aborted when the client goes or the process ends. Throws `overloaded`. */
  enter(reply: FastifyReply): AbortSignal {
    if (this.#open.size >= STREAMS_MAX) {
      const text = `this process has ${String(STREAMS_MAX)} streams open; try again later, or ask without a stream`;
      throw new Failure('overloaded', text);
    }
    const stream = new AbortController();
    this.#open.add(stream);
    reply.raw.once('close', () => this.#open.delete(stream));
    return AbortSignal.any([stream.signal, untilClosed(reply)]);
  }
}
