import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';

import { BOUND_RESTORE_HINT } from '../../domain/access/run-access.ts';
import { API_BASE, API_VERSION, type RunResource } from '../../domain/api-resource.ts';
import type { NewRunMetadata } from '../../domain/run-metadata.ts';
import { isEndPhase } from '../../domain/phase.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import { newRunNeeds } from '../access/route-access.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import { sendUnlessKnown } from '../entity-tags.ts';
import { listFilter, type ListFilters } from '../lists/filters.ts';
import { placeOf, tokenFor } from '../lists/page-token.ts';
import type { Order } from '../lists/walk.ts';
import { PAGE_SIZE_DEFAULT } from '../runs/list.ts';
import type { PreviewWait } from '../runs/preview-runs.ts';
import { newRunName, startedByKey } from '../runs/new-name.ts';
import { requestedSpec } from '../runs/request-faults.ts';
import type { RunService } from '../runs/service.ts';
import {
  CreateHeaders,
  CreateQuery,
  ListQuery,
  RunLookHeaders,
  PAGE_SIZE_MAX,
  RunParams,
  RunQuery,
} from '../schemas/run.ts';

/** Seconds after which a client may look again at a run that has not ended. */
const RETRY_AFTER_SECONDS = 1;
const WAIT_SECONDS_MAX = 30;
/** How long a request waits for a preview; the most is what clients commonly wait for the begin of an answer. */
const PREVIEW_WAIT_SECONDS = { default: 40, max: 280 };
/** As the API server of Kubernetes sends them: a lasting warning, of no agent in particular. */
const WARNING_CODE = '299';
/** Fastify's path grammar for `/{name}:cancel`. */
const CANCEL_PATH = '/:name(^[a-z0-9.-]+)::cancel';

interface RunBody {
  readonly metadata: NewRunMetadata;
}

interface Query {
  location?: string;
}
type RunRequest = FastifyRequest<{ Params: { name: string }; Querystring: Query }>;

/** What the routes of one kind of run need. */
export interface RunRoutes<Resource extends RunResource, Body> {
  readonly kind: Resource['kind'];
  readonly plural: string;
  readonly service: RunService<Resource>;
  readonly guards: RouteGuards;
  readonly specOf: (body: Body) => Resource['spec'];
  /** The spec of a body that `specOf` finds no fault with, where the location has a say in it. */
  readonly complete?: (key: RunKey, body: Body) => Promise<Resource['spec']>;
  readonly schemas: { readonly body: TSchema };
  /** What the run would do. */
  readonly preview: (key: RunKey, spec: Resource['spec'], wait: PreviewWait) => Promise<unknown>;
}

/** Create, get, list, cancel and delete, for one kind of run. */
export function runRoutes<Resource extends RunResource, Body extends RunBody>(
  app: FastifyInstance,
  routes: RunRoutes<Resource, Body>,
): void {
  const { kind, plural, service, schemas, preview } = routes;
  const base = `${API_BASE}/${plural}`;
  const tags = [plural];
  const ok = reference(kind);
  oneRunRoutes(app, routes);

  app.post<{ Querystring: Query & { dryRun?: 'All' } }>(
    base,
    {
      attachValidation: true,
      config: { access: 'handler' },
      schema: {
        summary: `Start a ${kind.toLowerCase()}; the same request again gives the same run`,
        body: schemas.body,
        headers: CreateHeaders,
        querystring: CreateQuery,
        tags,
        response: {
          200: { anyOf: [ok, reference(`${kind}Preview`)] },
          202: ok,
          default: problem(),
        },
      },
    },
    async (request, reply) => {
      const { key, spec } = await allowedSpec(request, routes);
      if (request.query.dryRun !== undefined) {
        const wait = { waitMs: previewWaitOf(request), signal: untilClosed(reply) };
        return reply.send(await preview(key, spec, wait));
      }
      const by = request.access.subject.username;
      const { resource, isNew } = await startedByKey(keyHeaderOf(request), () =>
        service.create(key, spec, by),
      );
      const path = `${base}/${key.name}?location=${key.location}`;
      return reply
        .code(isNew ? 202 : 200)
        .header('location', path)
        .send(resource);
    },
  );
  listRoute(app, routes);
}

type RouteParts<Resource extends RunResource> = Pick<
  RunRoutes<Resource, unknown>,
  'kind' | 'plural' | 'service' | 'guards'
>;

interface RunListQuery extends Query, ListFilters {
  readonly limit?: string;
  readonly continue?: string;
  readonly orderBy?: Order;
}

function listRoute<Resource extends RunResource>(
  app: FastifyInstance,
  { kind, plural, service, guards }: RouteParts<Resource>,
): void {
  app.get<{ Querystring: RunListQuery }>(
    `${API_BASE}/${plural}`,
    {
      config: { access: 'handler' },
      schema: {
        summary: `List ${plural}, running ones included`,
        querystring: ListQuery,
        tags: [plural],
        response: { 200: reference(`${kind}List`), default: problem() },
      },
    },
    async ({ access, query }, reply) => {
      const { limit, continue: token, orderBy: order = 'name', ...filters } = query;
      const question = { ...filters, order, location: locationOf(query) };
      const isWanted = listFilter<Resource>(filters, ({ spec }) => spec);
      const see = guards.visible(access);
      const { items, next, warning } = await service.list({
        location: question.location,
        limit: Math.min(Number(limit ?? PAGE_SIZE_DEFAULT), PAGE_SIZE_MAX),
        after: placeOf(question, token),
        order,
        keep: (runs) => see(runs.filter(isWanted)),
      });
      if (warning !== undefined) {
        reply.header('warning', `${WARNING_CODE} - "${warning}"`);
      }
      const metadata = next === undefined ? {} : { continue: tokenFor(question, next) };
      return reply.send({ apiVersion: API_VERSION, kind: `${kind}List`, metadata, items });
    },
  );
}

/** What a request asks for, if its sender may have it. Throws `forbidden` before anything is looked up for it. */
async function allowedSpec<Resource extends RunResource, Body extends RunBody>(
  request: FastifyRequest<{ Querystring: Query }>,
  { kind, specOf, complete, guards }: RunRoutes<Resource, Body>,
): Promise<{ readonly key: RunKey; readonly spec: Resource['spec'] }> {
  const requested = requestedSpec(request, specOf);
  // The spec is there only of a body that the route's schema has checked.
  const body = request.body as Body;
  const { access } = request;
  const location = locationOf(request.query);
  const name = newRunName({
    metadata: body.metadata,
    key: keyHeaderOf(request),
    scope: [kind, location, access.subject.username],
  });
  const key = { location, name };
  if ('retryOf' in requested) {
    const tried = { location: key.location, name: requested.retryOf };
    await guards.requireRun(access, { kind: 'Restore', verb: 'get', key: tried });
  }
  const spec = (await complete?.(key, body)) ?? requested;
  const hint = kind === 'Restore' ? BOUND_RESTORE_HINT : undefined;
  await access.require(newRunNeeds(spec, guards.realm), hint);
  await ('backupName' in spec
    ? guards.requireSource(access, key.location, spec)
    : guards.requireName(access, name));
  return { key, spec };
}

/** Look at, cancel and delete one run. */
function oneRunRoutes<Resource extends RunResource>(
  app: FastifyInstance,
  { kind, plural, service, guards }: RouteParts<Resource>,
): void {
  const base = `${API_BASE}/${plural}`;
  const one = { params: RunParams, querystring: RunQuery, tags: [plural] };
  const ok = reference(kind);
  app.get<{ Params: { name: string }; Querystring: Query }>(
    `${base}/:name`,
    {
      config: { access: guards.run(kind, 'get') },
      schema: {
        summary: `Look at a ${kind.toLowerCase()}; "Prefer: wait=30" waits for its end`,
        headers: RunLookHeaders,
        ...one,
        response: { 200: ok, 304: known(), default: problem() },
      },
    },
    async (request, reply) => {
      const patience = { waitMs: waitOf(request), signal: untilClosed(reply) };
      const wait = { ...patience, isFresh: isCacheRefused(request) };
      const resource = await service.wait(keyOf(request), wait);
      if (!isEndPhase(resource.status.phase)) {
        reply.header('retry-after', RETRY_AFTER_SECONDS);
      }
      return sendUnlessKnown(request, reply, resource);
    },
  );
  app.post<{ Params: { name: string }; Querystring: Query }>(
    `${base}${CANCEL_PATH}`,
    {
      config: { access: guards.run(kind, 'update') },
      schema: {
        summary: `Ask a ${kind.toLowerCase()} to end`,
        ...one,
        response: { 202: ok, default: problem() },
      },
    },
    async (request, reply) => reply.code(202).send(await service.cancel(keyOf(request))),
  );
  app.delete<{ Params: { name: string }; Querystring: Query }>(
    `${base}/:name`,
    {
      config: { access: guards.run(kind, 'delete') },
      schema: {
        summary: `Delete an ended ${kind.toLowerCase()} from its location`,
        ...one,
        response: { 202: ok, default: problem() },
      },
    },
    async (request, reply) => {
      const by = request.access.subject.username;
      return reply.code(202).send(await service.delete(keyOf(request), by));
    },
  );
}

/** The key by which a request is known again. */
function keyHeaderOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const key = headers['idempotency-key'];
  return typeof key === 'string' ? key : undefined;
}

/** Which run a request is about. */
export function keyOf({ params, query }: RunRequest): RunKey {
  return { location: locationOf(query), name: params.name };
}

function locationOf({ location = DEFAULT_LOCATION }: Query): string {
  return location;
}

/** Milliseconds that the client wants to wait for the end of a run. */
function waitOf(request: Headed): number {
  return Math.min(preferredWait(request) ?? 0, WAIT_SECONDS_MAX) * 1000;
}

/** Whether the client wants no answer that is kept for others (RFC 9111, section 5.2.1.4). */
function isCacheRefused({ headers }: Headed): boolean {
  return /(?:^|[,\s])no-cache(?:$|[,\s])/i.test(headers['cache-control'] ?? '');
}

/** Milliseconds that the client wants to wait for a preview. */
function previewWaitOf(request: Headed): number {
  const seconds = preferredWait(request) ?? PREVIEW_WAIT_SECONDS.default;
  return Math.min(Math.max(seconds, 1), PREVIEW_WAIT_SECONDS.max) * 1000;
}

type Headed = Pick<FastifyRequest, 'headers'>;

/** Seconds that the client wants to wait (RFC 7240, `Prefer: wait`). */
function preferredWait({ headers }: Headed): number | undefined {
  const found = /(?:^|[,;\s])wait=(\d+)/.exec(String(headers['prefer'] ?? ''))?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Aborted when the answer is sent, or when nobody waits for it any more. */
export function untilClosed({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    controller.abort();
  });
  return controller.signal;
}

/** A shared schema, by its name. */
export function reference(id: string) {
  return { $ref: `${id}#` };
}

/** The answer to who has the newest already. */
export function known() {
  return { type: 'null', description: 'It is as If-None-Match says.' };
}

/** Every answer that is not a success. */
export function problem() {
  return {
    description: 'A problem (RFC 9457).',
    content: { 'application/problem+json': { schema: reference('Problem') } },
  };
}
