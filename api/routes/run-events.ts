import { Readable } from 'node:stream';

import type { FastifyInstance, FastifyReply } from 'fastify';

import { API_BASE, type RunResource } from '../../domain/api-resource.ts';
import { Failure } from '../../domain/failure.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import { asLine, asServerSent, runEvents, type Told } from '../events/run-events.ts';
import { RunEventSchema } from '../schemas/run-event.ts';
import { RunParams, RunQuery } from '../schemas/run.ts';
import { problem, untilClosed } from './runs.ts';

/** Streams that a process has open; each costs a look at its run every second, which those of one run share. */
const STREAMS_MAX = 1000;
const SERVER_SENT = 'text/event-stream';
const LINES = 'application/x-ndjson';

interface EventRoutes {
  readonly kind: RunResource['kind'];
  readonly plural: 'backups' | 'restores';
  readonly look: (key: RunKey) => Promise<RunResource>;
  readonly guards: RouteGuards;
}

/** The streams of a process, which all end when it does: an open one would keep it alive. */
class Streams {
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

/** Follow a run: what differs each second, until it has ended. */
export function runEventRoutes(app: FastifyInstance, kinds: readonly EventRoutes[]): void {
  const streams = new Streams(app);
  for (const { kind, plural, look, guards } of kinds) {
    app.get<{ Params: { name: string }; Querystring: { location?: string } }>(
      `${API_BASE}/${plural}/:name/events`,
      {
        exposeHeadRoute: false,
        config: { access: guards.run(kind, 'get') },
        schema: {
          summary: `Follow a ${kind.toLowerCase()} until it has ended; "Last-Event-ID" leaves out what the client has`,
          ...{ params: RunParams, querystring: RunQuery, tags: [plural] },
          response: {
            200: {
              description:
                'Events as they happen; lines of JSON for who accepts application/x-ndjson.',
              content: {
                [SERVER_SENT]: { schema: { type: 'string' } },
                [LINES]: { schema: RunEventSchema },
              },
            },
            default: problem(),
          },
        },
      },
      async (request, reply) => {
        const { params, query, headers } = request;
        const key = { location: query.location ?? DEFAULT_LOCATION, name: params.name };
        const events = runEvents({
          name: key.name,
          look: () => look(key),
          lastId: headers['last-event-id']?.toString(),
          signal: streams.enter(reply),
        });
        // A run that is not there is a problem, and no stream.
        const first = await events.next();
        const isLines = (headers.accept ?? '').includes(LINES);
        return reply
          .headers({
            'content-type': isLines ? LINES : SERVER_SENT,
            'cache-control': 'no-store',
            // For proxies that would collect it.
            'x-accel-buffering': 'no',
            // A process that ends would wait for a connection that is kept for more.
            connection: 'close',
          })
          .send(Readable.from(textOf(first, events, isLines ? asLine : asServerSent)));
      },
    );
  }
}

async function* textOf(
  first: IteratorResult<Told, void>,
  rest: AsyncIterable<Told>,
  write: (told: Told) => string,
): AsyncGenerator<string> {
  if (first.done === true) {
    return;
  }
  yield write(first.value);
  for await (const told of rest) {
    yield write(told);
  }
}
