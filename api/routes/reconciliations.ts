import type { FastifyInstance } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import type { CreateReconciliationRequest } from '../../domain/reconciliation.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import type { ReconcileService } from '../reconcile/service.ts';
import {
  CreateReconciliation,
  CreateReconciliationQuery,
  ReconciliationParams,
  ReconciliationQuery,
} from '../schemas/reconciliation.ts';
import { problem, reference } from './runs.ts';

const BASE = `${API_BASE}/reconciliations`;
const TAGS = ['reconciliations'];

/** Look for what dead runs have left in a location, and remove it. */
export function reconciliationRoutes(
  app: FastifyInstance,
  { service, guards }: { readonly service: ReconcileService; readonly guards: RouteGuards },
): void {
  app.post<{ Body: CreateReconciliationRequest; Querystring: { location?: string } }>(
    BASE,
    {
      config: { access: guards.installation({ verb: 'create', resource: 'reconciliations' }) },
      schema: {
        summary: 'Look for what dead runs have left in a location; with removal All, remove it',
        body: CreateReconciliation,
        querystring: CreateReconciliationQuery,
        tags: TAGS,
        response: { 202: reference('Reconciliation'), default: problem() },
      },
    },
    async ({ body, query: { location = DEFAULT_LOCATION } }, reply) => {
      const { cluster = guards.realm.ownCluster, removal = 'None' } = body.spec ?? {};
      const resource = await service.create({ location, cluster }, removal);
      return reply
        .code(202)
        .header('location', `${BASE}/${location}?cluster=${resource.spec.cluster}`)
        .send(resource);
    },
  );
  app.get<{ Params: { location: string }; Querystring: { cluster?: string } }>(
    `${BASE}/:location`,
    {
      config: { access: guards.installation({ verb: 'get', resource: 'reconciliations' }) },
      schema: {
        summary: 'Look at the last reconciliation of a location',
        params: ReconciliationParams,
        querystring: ReconciliationQuery,
        tags: TAGS,
        response: { 200: reference('Reconciliation'), default: problem() },
      },
    },
    ({ params: { location }, query: { cluster = guards.realm.ownCluster } }) =>
      service.get({ location, cluster }),
  );
}
