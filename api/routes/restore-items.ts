import type { FastifyInstance } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import type { RestoreItemQuery, RestoreItems } from '../contents/restore-items.ts';
import { PAGE_SIZE_DEFAULT } from '../runs/list.ts';
import { RestoreItemsQuery } from '../schemas/restore-items.ts';
import { PAGE_SIZE_MAX, RunParams, RunQuery } from '../schemas/run.ts';
import { problem, reference } from './runs.ts';

interface ItemPage {
  Params: { name: string };
  Querystring: RestoreItemQuery & { location?: string; limit?: string; continue?: string };
}

interface RestoreHooks {
  Params: { name: string };
  Querystring: { location?: string };
}

/** What a restore did with each of its items, and what became of the hooks of its pods. */
export function restoreItemRoutes(
  app: FastifyInstance,
  { restoreItems, guards }: { readonly restoreItems: RestoreItems; readonly guards: RouteGuards },
): void {
  const config = { access: guards.run('Restore', 'get') };
  app.get<ItemPage>(
    `${API_BASE}/restores/:name/items`,
    {
      config,
      schema: {
        summary: 'List the items of an ended restore, and what became of each',
        params: RunParams,
        querystring: RestoreItemsQuery,
        tags: ['restores'],
        response: { 200: reference('RestoreItemList'), default: problem() },
      },
    },
    async ({ params, query }) => {
      const { location = DEFAULT_LOCATION } = query;
      const limit = Math.min(Number(query.limit ?? PAGE_SIZE_DEFAULT), PAGE_SIZE_MAX);
      return restoreItems.items({ location, name: params.name }, { ...query, limit });
    },
  );
  app.get<RestoreHooks>(
    `${API_BASE}/restores/:name/hooks`,
    {
      config,
      schema: {
        summary:
          'What became of the hooks of restored pods; of a restore under way, of those that have ended',
        params: RunParams,
        querystring: RunQuery,
        tags: ['restores'],
        response: { 200: reference('RestoreHookList'), default: problem() },
      },
    },
    async ({ params, query: { location = DEFAULT_LOCATION } }) =>
      restoreItems.hooks({ location, name: params.name }),
  );
}
