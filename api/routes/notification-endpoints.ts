import type { FastifyInstance } from 'fastify';

import type { AccessVerb } from '../../domain/access/access-need.ts';
import { API_BASE } from '../../domain/api-resource.ts';
import type { WriteEndpointRequest } from '../../domain/notifications/api-endpoint.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import { preconditionOf, sendTagged, sendUnlessKnown } from '../entity-tags.ts';
import { RequestFailure } from '../errors.ts';
import type { EndpointService } from '../notifications/service.ts';
import { ChangeHeaders, LookHeaders } from '../schemas/run.ts';
import {
  NotificationEndpointParams,
  NotificationEndpointQuery,
  TestEndpointQuery,
  WriteNotificationEndpoint,
} from '../schemas/notification-endpoint.ts';
import { MERGE_PATCH, mergePatchRoutes, patched } from './patches.ts';
import { known, problem, reference, untilClosed } from './runs.ts';

const BASE = `${API_BASE}/notification-endpoints`;
/** Fastify's path grammar for `/{name}:test`. */
const TEST_PATH = '/:name(^[a-z0-9.-]+)::test';
const TAGS = ['notification-endpoints'];

interface OneEndpoint {
  Params: { name: string };
}

interface EndpointRoutes {
  readonly service: EndpointService;
  readonly guards: RouteGuards;
}

function permits({ guards }: EndpointRoutes) {
  return (verb: AccessVerb) => ({
    access: guards.installation({ verb, resource: 'notificationendpoints' }),
  });
}

/** Keep, list, look at, test and forget notification endpoints. */
export function notificationEndpointRoutes(app: FastifyInstance, parts: EndpointRoutes): void {
  const { service, guards } = parts;
  const may = permits(parts);
  writeRoutes(app, parts);
  mergePatchRoutes(app, (scope) => {
    patchRoute(scope, parts);
  });
  const one = {
    ...{ params: NotificationEndpointParams, querystring: NotificationEndpointQuery, tags: TAGS },
  };
  app.get(
    BASE,
    {
      config: may('list'),
      schema: {
        summary: 'List the notification endpoints, and what came of the last deliveries',
        querystring: NotificationEndpointQuery,
        tags: TAGS,
        response: { 200: reference('NotificationEndpointList'), default: problem() },
      },
    },
    () => service.list(),
  );
  app.get<OneEndpoint>(
    `${BASE}/:name`,
    {
      config: may('get'),
      schema: {
        summary: 'Look at a notification endpoint',
        headers: LookHeaders,
        ...one,
        response: { 200: reference('NotificationEndpoint'), 304: known(), default: problem() },
      },
    },
    async (request, reply) =>
      sendUnlessKnown(request, reply, await service.get(request.params.name)),
  );
  app.post<OneEndpoint & { Querystring: { cluster?: string } }>(
    `${BASE}${TEST_PATH}`,
    {
      config: may('update'),
      schema: {
        summary: 'Send a ping once, from where the worker of a cluster runs',
        ...{ ...one, querystring: TestEndpointQuery },
        response: { 200: reference('NotificationTest'), default: problem() },
      },
    },
    ({ params: { name }, query: { cluster = guards.realm.ownCluster } }, reply) =>
      service.test({ name, cluster }, untilClosed(reply)),
  );
  app.delete<OneEndpoint>(
    `${BASE}/:name`,
    {
      config: { ...may('delete'), isConditional: true },
      schema: {
        headers: ChangeHeaders,
        summary: 'Forget a notification endpoint; deliveries to it end',
        ...one,
        response: { 204: { type: 'null', description: 'It is forgotten.' }, default: problem() },
      },
    },
    async (request, reply) => {
      await service.remove(request.params.name, preconditionOf(request));
      return reply.code(204).send();
    },
  );
}

function patchRoute(app: FastifyInstance, parts: EndpointRoutes): void {
  const { service } = parts;
  app.patch<OneEndpoint>(
    `${BASE}/:name`,
    {
      config: { ...permits(parts)('update'), isConditional: true },
      schema: {
        summary: 'Change parts of the spec of a notification endpoint',
        consumes: [MERGE_PATCH],
        headers: ChangeHeaders,
        params: NotificationEndpointParams,
        querystring: NotificationEndpointQuery,
        body: reference('MergePatch'),
        tags: TAGS,
        response: { 200: reference('NotificationEndpoint'), default: problem() },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { resource } = await patched(request, {
        schema: WriteNotificationEndpoint,
        read: async () => {
          const { metadata, spec } = await service.get(name);
          return { document: { metadata: { name }, spec }, revision: metadata };
        },
        write: (body: WriteEndpointRequest, precondition) => {
          requireOwnName(body, name);
          return service.replace(body, precondition);
        },
      });
      return sendTagged(reply, resource);
    },
  );
}

/** Throws `invalid-request` for a body that is about another endpoint than its path. */
function requireOwnName({ metadata }: WriteEndpointRequest, name: string): void {
  if (metadata.name !== name) {
    throw new RequestFailure([fieldError('/metadata/name', `must be ${name}, as in the path`)]);
  }
}

interface WriteRequest {
  Body: WriteEndpointRequest;
}

function writeRoutes(app: FastifyInstance, parts: EndpointRoutes): void {
  const { service } = parts;
  const may = permits(parts);
  const write = {
    ...{ body: WriteNotificationEndpoint, querystring: NotificationEndpointQuery, tags: TAGS },
    response: {
      200: reference('NotificationEndpoint'),
      201: reference('NotificationEndpoint'),
      default: problem(),
    },
  };
  app.post<WriteRequest>(
    BASE,
    {
      config: may('create'),
      schema: {
        summary: 'Keep a notification endpoint; the same request again gives the same',
        ...write,
      },
    },
    async ({ body }, reply) => {
      const { resource, isNew } = await service.create(body);
      reply.code(isNew ? 201 : 200).header('location', `${BASE}/${body.metadata.name}`);
      return sendTagged(reply, resource);
    },
  );
  app.put<WriteRequest & OneEndpoint>(
    `${BASE}/:name`,
    {
      config: { ...may('update'), isConditional: true },
      schema: {
        headers: ChangeHeaders,
        summary: 'Give a notification endpoint another spec, or make it',
        params: NotificationEndpointParams,
        ...write,
      },
    },
    async (request, reply) => {
      const { body } = request;
      const { name } = request.params;
      requireOwnName(body, name);
      const { resource, isNew } = await service.replace(body, preconditionOf(request));
      return sendTagged(reply.code(isNew ? 201 : 200), resource);
    },
  );
}
