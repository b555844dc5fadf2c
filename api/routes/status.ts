import type { FastifyInstance } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import type { DiagnosisService } from '../diagnosis/service.ts';
import { StatusQuery } from '../schemas/status.ts';
import type { StatusService } from '../status/service.ts';
import { problem, reference, untilClosed } from './runs.ts';

interface OfCluster {
  Querystring: { cluster?: string };
}

interface StatusServices {
  readonly status: StatusService;
  readonly diagnosis: DiagnosisService;
  readonly guards: RouteGuards;
}

/** How the installation is, and what is wrong with it. */
export function statusRoutes(app: FastifyInstance, services: StatusServices): void {
  const { status, diagnosis, guards } = services;
  app.get<OfCluster>(
    `${API_BASE}/status`,
    {
      config: { access: guards.installation({ verb: 'get', resource: 'status' }) },
      schema: {
        summary: 'Look at Temporal, the workers and the storage locations; what is away is told',
        querystring: StatusQuery,
        tags: ['status'],
        response: { 200: reference('Status'), default: problem() },
      },
    },
    ({ query: { cluster } }) => status.status(cluster),
  );
  app.post<OfCluster>(
    `${API_BASE}/status::check`,
    {
      config: {
        access: guards.installation({ verb: 'create', resource: 'status', subresource: 'check' }),
      },
      schema: {
        summary:
          'Look at all that backups of a cluster need, and say what to do about what is wrong',
        querystring: StatusQuery,
        tags: ['status'],
        response: { 200: reference('Diagnosis'), default: problem() },
      },
    },
    ({ query: { cluster = guards.realm.ownCluster } }, reply) =>
      diagnosis.diagnose(cluster, untilClosed(reply)),
  );
}
