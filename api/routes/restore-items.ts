import type { FastifyInstance } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import type { RestoreItemQuery, RestoreItems } from '../contents/restore-items.ts';
import { PAGE_SIZE_DEFAULT } from '../runs/list.ts';
import { RestoreItemsQuery } from '../schemas/restore-items.ts';
import { PAGE_SIZE_MAX, RunParams } from '../schemas/run.ts';
import { problem, reference } from './runs.ts';

interface ItemPage {
  Params: { name: string };
  Querystring: RestoreItemQuery & { location?: string; limit?: string; continue?: string };
}

/** What an ended restore did with each of its items. */
export function restoreItemRoutes(app: FastifyInstance, restoreItems: RestoreItems): void {
  app.get<ItemPage>(
    `${API_BASE}/restores/:name/items`,
    {
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
}
