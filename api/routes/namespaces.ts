import type { FastifyInstance } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import { parseDuration } from '../../domain/duration.ts';
import type { Protection } from '../../domain/protection.ts';
import { namespaceNeed, type NamespaceService } from '../namespaces/service.ts';
import { PAGE_SIZE_DEFAULT } from '../runs/list.ts';
import { NamespaceParams, NamespaceQuery, NamespacesQuery } from '../schemas/namespace.ts';
import { PAGE_SIZE_MAX } from '../schemas/run.ts';
import { problem, reference } from './runs.ts';

const BASE = `${API_BASE}/namespaces`;
const TAGS = ['namespaces'];

interface OneNamespace {
  Params: { name: string };
  Querystring: { staleAfter?: string };
}

interface Namespaces {
  Querystring: OneNamespace['Querystring'] & {
    limit?: string;
    continue?: string;
    protection?: Protection;
  };
}

/** How well the namespaces of the API's own cluster are protected. */
export function namespaceRoutes(
  app: FastifyInstance,
  { service }: { readonly service: NamespaceService },
): void {
  app.get<Namespaces>(
    BASE,
    {
      config: { access: 'handler' },
      schema: {
        summary: "List the namespaces of the API's own cluster, and how well they are protected",
        querystring: NamespacesQuery,
        tags: TAGS,
        response: { 200: reference('NamespaceList'), default: problem() },
      },
    },
    ({ access, query }) =>
      service.list(access, {
        staleAfterMs: staleAfterOf(query),
        protection: query.protection,
        limit: Math.min(Number(query.limit ?? PAGE_SIZE_DEFAULT), PAGE_SIZE_MAX),
        token: query.continue,
      }),
  );
  app.get<OneNamespace>(
    `${BASE}/:name`,
    {
      config: {
        access: ({ access, params }) => {
          const { name } = params as OneNamespace['Params'];
          return access.require([namespaceNeed(name)]);
        },
      },
      schema: {
        summary: 'Look how well a namespace is protected',
        params: NamespaceParams,
        querystring: NamespaceQuery,
        tags: TAGS,
        response: { 200: reference('Namespace'), default: problem() },
      },
    },
    ({ access, params, query }) => service.get(access, params.name, staleAfterOf(query)),
  );
}

function staleAfterOf({ staleAfter }: OneNamespace['Querystring']): number | undefined {
  return staleAfter === undefined ? undefined : parseDuration(staleAfter, 'staleAfter');
}
