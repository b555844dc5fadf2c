import type { FastifyInstance } from 'fastify';

import { API_BASE, type RegisterPluginRequest } from '../../domain/api-resource.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import type { PluginService } from '../registry/plugin-service.ts';
import { PluginParams, PluginQuery, RegisterPlugin } from '../schemas/plugin.ts';
import { problem, reference, untilClosed } from './runs.ts';

const BASE = `${API_BASE}/plugins`;
const TAGS = ['plugins'];

interface OfCluster {
  Querystring: { cluster?: string };
}

interface OnePlugin extends OfCluster {
  Params: { name: string };
}

interface PluginRoutes {
  readonly service: PluginService;
  readonly guards: RouteGuards;
}

/** Register, list, look at and remove plugins. */
export function pluginRoutes(app: FastifyInstance, parts: PluginRoutes): void {
  const { service, guards } = parts;
  onePluginRoutes(app, parts);
  app.post<{ Body: RegisterPluginRequest }>(
    BASE,
    {
      config: { access: guards.installation({ verb: 'create', resource: 'plugins' }) },
      schema: {
        summary: 'Register a plugin, which is asked what it does; the same name again does so anew',
        body: RegisterPlugin,
        tags: TAGS,
        response: { 200: reference('Plugin'), 201: reference('Plugin'), default: problem() },
      },
    },
    async ({ body }, reply) => {
      const { resource, isNew } = await service.register(body, untilClosed(reply));
      const { cluster } = resource.spec;
      return reply
        .code(isNew ? 201 : 200)
        .header('location', `${BASE}/${resource.metadata.name}?cluster=${cluster}`)
        .send(resource);
    },
  );
  app.get<OfCluster>(
    BASE,
    {
      config: { access: guards.installation({ verb: 'list', resource: 'plugins' }) },
      schema: {
        summary: 'List the plugins of a cluster, and whether somebody takes their calls',
        querystring: PluginQuery,
        tags: TAGS,
        response: { 200: reference('PluginList'), default: problem() },
      },
    },
    async ({ query: { cluster = guards.realm.ownCluster } }, reply) =>
      service.list(cluster, untilClosed(reply)),
  );
}

/** Look at one plugin, and remove it. */
function onePluginRoutes(app: FastifyInstance, { service, guards }: PluginRoutes): void {
  const one = { params: PluginParams, querystring: PluginQuery, tags: TAGS };
  app.get<OnePlugin>(
    `${BASE}/:name`,
    {
      config: { access: guards.installation({ verb: 'get', resource: 'plugins' }) },
      schema: {
        summary: 'Look at a plugin, which is asked what it does',
        ...one,
        response: { 200: reference('Plugin'), default: problem() },
      },
    },
    async ({ params: { name }, query: { cluster = guards.realm.ownCluster } }, reply) =>
      service.get({ cluster, name }, untilClosed(reply)),
  );
  app.delete<OnePlugin>(
    `${BASE}/:name`,
    {
      config: { access: guards.installation({ verb: 'delete', resource: 'plugins' }) },
      schema: {
        summary: 'Forget a plugin; runs that have begun go on with it',
        ...one,
        response: { 204: { type: 'null', description: 'It is forgotten.' }, default: problem() },
      },
    },
    async ({ params: { name }, query: { cluster = guards.realm.ownCluster } }, reply) => {
      await service.remove({ cluster, name }, untilClosed(reply));
      return reply.code(204).send();
    },
  );
}
