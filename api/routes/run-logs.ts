import { Readable } from 'node:stream';

import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

import { API_BASE, type RunResource } from '../../domain/api-resource.ts';
import { Failure } from '../../domain/failure.ts';
import { RunLogEntrySchema } from '../../domain/run-log/entry.ts';
import { LOG_LEVELS, type LogLevel } from '../../domain/run-log/level.ts';
import type { PhaseChange } from '../../domain/run-status.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import { type Streams, STREAM_HEADERS } from '../events/streams.ts';
import { runLogLines } from '../run-log/run-log.ts';
import { StoredParts } from '../run-log/stored-parts.ts';
import { LabelName, oneOf, RunParams, STRICT } from '../schemas/run.ts';
import { problem } from './runs.ts';

const LINES = 'application/x-ndjson';

interface LogRequest {
  Params: { name: string };
  Querystring: {
    location?: string;
    follow?: 'true' | 'false';
    tailLines?: string;
    sinceTime?: string;
    level?: LogLevel;
  };
}

const LogQuery = Type.Object(
  {
    location: Type.Optional(LabelName),
    follow: Type.Optional(oneOf(['true', 'false'], 'Goes on until the run has ended.')),
    tailLines: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,6}$',
        description: 'Of the lines that are there, the last ones alone.',
      }),
    ),
    sinceTime: Type.Optional(
      Type.String({ maxLength: 40, description: 'Lines of this time or later, RFC 3339.' }),
    ),
    level: Type.Optional(oneOf(LOG_LEVELS, 'Lines that are at least so grave.')),
  },
  STRICT,
);

interface LogRoutes {
  readonly guards: RouteGuards;
  readonly streams: Streams;
  readonly store: (location: string) => ObjectStore;
  readonly kinds: readonly LoggedKind[];
}

interface LoggedKind {
  readonly kind: RunResource['kind'];
  readonly plural: 'backups' | 'restores';
  readonly look: (key: RunKey) => Promise<RunResource>;
  readonly phasesOf: (run: RunResource) => readonly PhaseChange[];
}

/** Read what a run told, while it goes on and afterwards. */
export function runLogRoutes(
  app: FastifyInstance,
  { guards, streams, store, kinds }: LogRoutes,
): void {
  const parts = new StoredParts(store);
  for (const { kind, plural, look, phasesOf } of kinds) {
    app.get<LogRequest>(
      `${API_BASE}/${plural}/:name/logs`,
      {
        exposeHeadRoute: false,
        config: { access: guards.log(kind), isAudited: true },
        schema: {
          summary: `Read the log of a ${kind.toLowerCase()}, also while it goes on`,
          ...{ params: RunParams, querystring: LogQuery, tags: [plural] },
          response: {
            200: {
              description: 'Lines of JSON; an empty line says that there is nothing new.',
              content: { [LINES]: { schema: RunLogEntrySchema } },
            },
            default: problem(),
          },
        },
      },
      async ({ params, query }, reply) => {
        const { location = DEFAULT_LOCATION, follow, tailLines, level = 'info' } = query;
        const key = { location, name: params.name };
        const lines = runLogLines({
          ...{ location, store: store(location), parts, phasesOf },
          look: () => look(key),
          selection: { level, ...sinceOf(query) },
          isFollowed: follow === 'true',
          ...(tailLines === undefined ? {} : { tailLines: Number(tailLines) }),
          signal: streams.enter(reply),
        });
        // A log that is not there is a problem, and no stream.
        const first = await lines.next();
        return reply
          .headers({ ...STREAM_HEADERS, 'content-type': LINES })
          .send(Readable.from(textOf(first, lines)));
      },
    );
  }
}

function sinceOf({ sinceTime }: LogRequest['Querystring']): { sinceMs?: number } {
  if (sinceTime === undefined) {
    return {};
  }
  const sinceMs = Date.parse(sinceTime);
  if (Number.isNaN(sinceMs)) {
    const text = 'sinceTime must be a time such as 2026-11-30T07:18:06Z';
    throw new Failure('invalid-request', text, { subject: 'sinceTime' });
  }
  return { sinceMs };
}

async function* textOf(
  first: IteratorResult<string, void>,
  rest: AsyncIterable<string>,
): AsyncGenerator<string> {
  if (first.done === true) {
    return;
  }
  yield `${first.value}\n`;
  for await (const line of rest) {
    yield `${line}\n`;
  }
}
