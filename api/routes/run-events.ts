import { Readable } from 'node:stream';

import type { FastifyInstance } from 'fastify';

import { API_BASE, type RunResource } from '../../domain/api-resource.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import { asLine, asServerSent, runEvents, type Told } from '../events/run-events.ts';
import { STREAM_HEADERS, type Streams } from '../events/streams.ts';
import { RunEventSchema, ServerSentEventSchema } from '../schemas/run-event.ts';
import { RunParams, RunQuery } from '../schemas/run.ts';
import { problem } from './runs.ts';

const SERVER_SENT = 'text/event-stream';
const LINES = 'application/x-ndjson';

interface EventRoutes {
  readonly guards: RouteGuards;
  readonly streams: Streams;
  readonly kinds: readonly FollowedKind[];
}

interface FollowedKind {
  readonly kind: RunResource['kind'];
  readonly plural: 'backups' | 'restores';
  readonly look: (key: RunKey) => Promise<RunResource>;
}

/** Follow a run: what differs each second, until it has ended. */
export function runEventRoutes(
  app: FastifyInstance,
  { guards, streams, kinds }: EventRoutes,
): void {
  for (const { kind, plural, look } of kinds) {
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
                [SERVER_SENT]: { schema: ServerSentEventSchema },
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
          .headers({ ...STREAM_HEADERS, 'content-type': isLines ? LINES : SERVER_SENT })
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
