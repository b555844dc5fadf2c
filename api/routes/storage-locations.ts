import type { FastifyInstance } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import type { AccessVerb } from '../../domain/access/access-need.ts';
import type { CreateLocationRequest } from '../../domain/locations/api-location.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import { preconditionOf, sendTagged, sendUnlessKnown } from '../entity-tags.ts';
import { RequestFailure } from '../errors.ts';
import type { LocationService } from '../locations/service.ts';
import { ChangeHeaders, LookHeaders } from '../schemas/run.ts';
import {
  StorageLocationParams,
  StorageLocationQuery,
  WriteLocation,
  WriteLocationQuery,
} from '../schemas/storage-location.ts';
import { MERGE_PATCH, mergePatchRoutes, patched } from './patches.ts';
import { known, problem, reference } from './runs.ts';

const BASE = `${API_BASE}/storage-locations`;
/** Fastify's path grammar for `/{name}:check`. */
const CHECK_PATH = '/:name(^[a-z0-9.-]+)::check';
const ADOPT_PATH = '/:name(^[a-z0-9.-]+)::adopt';
const TAGS = ['storage-locations'];

interface OneLocation {
  Params: { name: string };
}

interface LocationRoutes {
  readonly service: LocationService;
  readonly guards: RouteGuards;
}

/** Keep, list, look at and forget storage locations, and check what they can do. */
export function storageLocationRoutes(app: FastifyInstance, parts: LocationRoutes): void {
  const { service, guards } = parts;
  const may = (verb: AccessVerb) => ({
    access: guards.installation({ verb, resource: 'storagelocations' }),
  });
  writeRoutes(app, parts);
  mergePatchRoutes(app, (scope) => {
    patchRoute(scope, parts);
  });
  const one = { params: StorageLocationParams, querystring: StorageLocationQuery, tags: TAGS };
  app.get(
    BASE,
    {
      config: may('list'),
      schema: {
        summary: 'List the storage locations',
        querystring: StorageLocationQuery,
        tags: TAGS,
        response: { 200: reference('StorageLocationList'), default: problem() },
      },
    },
    () => service.list(),
  );
  app.get<OneLocation>(
    `${BASE}/:name`,
    {
      config: may('get'),
      schema: {
        summary: 'Look at a storage location',
        headers: LookHeaders,
        ...one,
        response: { 200: reference('StorageLocation'), 304: known(), default: problem() },
      },
    },
    async (request, reply) =>
      sendUnlessKnown(request, reply, await service.get(request.params.name)),
  );
  app.post<OneLocation>(
    `${BASE}${CHECK_PATH}`,
    {
      config: may('update'),
      schema: {
        summary: 'Try each operation of a storage location, from where the API runs',
        ...one,
        response: { 200: reference('StorageLocation'), default: problem() },
      },
    },
    ({ params: { name } }) => service.check(name),
  );
  app.post<OneLocation>(
    `${BASE}${ADOPT_PATH}`,
    {
      config: may('update'),
      schema: {
        summary: 'Take a storage location over from another Holdfast',
        ...one,
        response: { 200: reference('StorageLocation'), default: problem() },
      },
    },
    ({ params: { name } }) => service.adopt(name),
  );
}

interface WriteRequest {
  Body: CreateLocationRequest;
  Querystring: { check?: 'true' | 'false' };
}

function writeRoutes(app: FastifyInstance, { service, guards }: LocationRoutes): void {
  const may = (verb: AccessVerb) => ({
    access: guards.installation({ verb, resource: 'storagelocations' }),
  });
  const answers = {
    200: reference('StorageLocation'),
    201: reference('StorageLocation'),
    default: problem(),
  };
  const write = { body: WriteLocation, querystring: WriteLocationQuery, tags: TAGS };
  app.post<WriteRequest>(
    BASE,
    {
      config: may('create'),
      schema: {
        summary: 'Check a storage location and keep it; the same request again gives the same',
        ...write,
        response: answers,
      },
    },
    async ({ body, query }, reply) => {
      const { resource, isNew } = await service.create(body, optionsOf(query));
      reply.code(isNew ? 201 : 200).header('location', `${BASE}/${body.metadata.name}`);
      return sendTagged(reply, resource);
    },
  );
  app.put<WriteRequest & OneLocation>(
    `${BASE}/:name`,
    {
      config: { ...may('update'), isConditional: true },
      schema: {
        headers: ChangeHeaders,
        summary: 'Give a storage location another spec, or make it',
        params: StorageLocationParams,
        ...write,
        response: answers,
      },
    },
    async (request, reply) => {
      const { body, query } = request;
      const { name } = request.params;
      requireOwnName(body, name);
      const { resource, isNew } = await service.replace(body, {
        ...optionsOf(query),
        precondition: preconditionOf(request),
      });
      return sendTagged(reply.code(isNew ? 201 : 200), resource);
    },
  );
  app.delete<OneLocation>(
    `${BASE}/:name`,
    {
      config: { ...may('delete'), isConditional: true },
      schema: {
        headers: ChangeHeaders,
        summary: 'Forget a storage location; what is in it stays',
        params: StorageLocationParams,
        querystring: StorageLocationQuery,
        tags: TAGS,
        response: { 204: { type: 'null', description: 'It is forgotten.' }, default: problem() },
      },
    },
    async (request, reply) => {
      await service.remove(request.params.name, preconditionOf(request));
      return reply.code(204).send();
    },
  );
}

function patchRoute(app: FastifyInstance, { service, guards }: LocationRoutes): void {
  app.patch<OneLocation & Pick<WriteRequest, 'Querystring'>>(
    `${BASE}/:name`,
    {
      config: {
        access: guards.installation({ verb: 'update', resource: 'storagelocations' }),
        isConditional: true,
      },
      schema: {
        summary: 'Change parts of the spec of a storage location',
        consumes: [MERGE_PATCH],
        headers: ChangeHeaders,
        params: StorageLocationParams,
        querystring: WriteLocationQuery,
        body: reference('MergePatch'),
        tags: TAGS,
        response: { 200: reference('StorageLocation'), default: problem() },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { resource } = await patched(request, {
        schema: WriteLocation,
        read: async () => {
          const { revision, spec } = await service.kept(name);
          return { document: { metadata: { name }, spec }, revision };
        },
        write: (body: CreateLocationRequest, precondition) => {
          requireOwnName(body, name);
          return service.replace(body, { ...optionsOf(request.query), precondition });
        },
      });
      return sendTagged(reply, resource);
    },
  );
}

/** Throws `invalid-request` for a body that is about another location than its path. */
function requireOwnName({ metadata }: CreateLocationRequest, name: string): void {
  if (metadata.name !== name) {
    throw new RequestFailure([fieldError('/metadata/name', `must be ${name}, as in the path`)]);
  }
}

function optionsOf({ check }: WriteRequest['Querystring']) {
  return { isUnchecked: check === 'false' };
}
