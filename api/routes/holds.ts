import type { FastifyInstance } from 'fastify';

import { API_BASE, type ExtendBackupRequest } from '../../domain/api-resource.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import type { HoldService } from '../runs/holds.ts';
import { RunParams, RunQuery } from '../schemas/run.ts';
import { keyOf, problem, reference } from './runs.ts';

const ONE = `${API_BASE}/backups/:name(^[a-z0-9.-]+)`;

interface Named {
  Params: { name: string };
  Querystring: { location?: string };
}

/** Hold, release and extend backups. */
export function holdRoutes(
  app: FastifyInstance,
  { service, guards }: { readonly service: HoldService; readonly guards: RouteGuards },
): void {
  const config = { access: guards.run('Backup', 'update') };
  const common = {
    ...{ params: RunParams, querystring: RunQuery, tags: ['backups'] },
    response: { 200: reference('Backup'), default: problem() },
  };
  app.post<Named & { Body: { reason: string } }>(
    `${ONE}::hold`,
    {
      config,
      schema: {
        summary: 'Hold a backup: nothing deletes it until it is released',
        body: reference('HoldBackup'),
        ...common,
      },
    },
    async (request) => service.hold(keyOf(request), request.body.reason),
  );
  app.post<Named>(
    `${ONE}::release`,
    { config, schema: { summary: 'Let go of a backup that is held', ...common } },
    async (request) => service.release(keyOf(request)),
  );
  app.post<Named & { Body: ExtendBackupRequest }>(
    `${ONE}::extend`,
    {
      config,
      schema: {
        summary: 'Keep a backup for longer than its TTL says',
        body: reference('ExtendBackup'),
        ...common,
      },
    },
    async (request) => service.extend(keyOf(request), request.body),
  );
}
