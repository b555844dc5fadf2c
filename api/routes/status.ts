import type { FastifyInstance } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import { StatusQuery } from '../schemas/status.ts';
import type { StatusService } from '../status/service.ts';
import { problem, reference } from './runs.ts';

interface OfCluster {
  Querystring: { cluster?: string };
}

/** How the installation is. */
export function statusRoutes(app: FastifyInstance, service: StatusService): void {
  app.get<OfCluster>(
    `${API_BASE}/status`,
    {
      schema: {
        summary: 'Look at Temporal, the workers and the storage locations; what is away is told',
        querystring: StatusQuery,
        tags: ['status'],
        response: { 200: reference('Status'), default: problem() },
      },
    },
    ({ query: { cluster } }) => service.status(cluster),
  );
}
