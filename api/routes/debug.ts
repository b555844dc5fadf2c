import type { FastifyInstance, FastifyRequest } from 'fastify';

import { API_BASE, type ResourceList, type RunResource } from '../../domain/api-resource.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import { backupWorkflowId, restoreWorkflowId, type RunKey } from '../../domain/workflow-id.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import { bundleOf, type BundleFiles } from '../diagnosis/bundle.ts';
import { failedRuns, logOf, type LookAtLog } from '../diagnosis/failed-runs.ts';
import { historyEvents } from '../diagnosis/history.ts';
import type { TemporalRuns } from '../runs/temporal.ts';
import { BundleSchema, DebugQuery } from '../schemas/debug.ts';
import { problem } from './runs.ts';

/** Runs of a list that are read, and those of them that are told: the newest. */
const READ_MAX = 500;
const RUNS_MAX = 20;
const BUNDLE_CONTENT = 'application/gzip';

interface Query {
  readonly cluster?: string;
  readonly location?: string;
  readonly backup?: string;
  readonly restore?: string;
}

type Look = (path: string) => Promise<unknown>;
type History = (kind: RunResource['kind'], key: RunKey) => Promise<unknown>;

interface DebugSources {
  readonly temporal: TemporalRuns;
  readonly guards: RouteGuards;
}

/** A bundle for whoever helps: what the API itself shows, without secrets. */
export function debugRoutes(app: FastifyInstance, { temporal, guards }: DebugSources): void {
  // The bundle has what its reader may see: problems stand in the place of the rest.
  const ask = (method: 'GET' | 'POST', { headers: { authorization } }: FastifyRequest) => {
    const headers = authorization === undefined ? {} : { authorization };
    return (path: string) => app.inject({ method, url: `${API_BASE}${path}`, headers });
  };
  const look =
    (method: 'GET' | 'POST', request: FastifyRequest): Look =>
    async (path) =>
      (await ask(method, request)(path)).json<unknown>();
  app.get<{ Querystring: Query }>(
    `${API_BASE}/debug`,
    {
      config: {
        access: guards.installation({ verb: 'get', resource: 'status', subresource: 'debug' }),
        isAudited: true,
      },
      schema: {
        summary: 'Download what helps others to find out what is wrong, without secrets',
        querystring: DebugQuery,
        tags: ['status'],
        response: {
          200: {
            description: 'A tar.gz of JSON files.',
            content: { [BUNDLE_CONTENT]: { schema: BundleSchema } },
          },
          default: problem(),
        },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const get = look('GET', request);
      const log: LookAtLog = async (path, rest) =>
        (await ask('GET', request)(`${path}/logs${rest}`)).body;
      const files = {
        ...installationFiles(query, { get, post: look('POST', request), log }),
        ...runFiles(query, { get, log, history: historyOf(request, { temporal, guards }) }),
      };
      return reply
        .headers({ 'cache-control': 'no-store', 'content-type': BUNDLE_CONTENT })
        .send(await bundleOf(files));
    },
  );
}

/** Tells histories of those runs that the reader of the bundle may see. */
function historyOf({ access }: FastifyRequest, { temporal, guards }: DebugSources): History {
  return async (kind, key) => {
    await guards.requireRun(access, { kind, verb: 'get', key });
    const workflowId = kind === 'Backup' ? backupWorkflowId(key) : restoreWorkflowId(key);
    return historyEvents(temporal, workflowId);
  };
}

function installationFiles(
  { cluster, location = DEFAULT_LOCATION }: Query,
  { get, post, log }: { readonly get: Look; readonly post: Look; readonly log: LookAtLog },
): BundleFiles {
  const ofCluster = cluster === undefined ? '' : `?cluster=${cluster}`;
  const backups = newest(get, `/backups?location=${location}`);
  const restores = newest(get, `/restores?location=${location}`);
  return {
    status: () => get(`/status${ofCluster}`),
    doctor: () => post(`/status:check${ofCluster}`),
    locations: () => get('/storage-locations'),
    schedules: () => get(`/schedules?limit=${String(READ_MAX)}`),
    backups: () => backups,
    restores: () => restores,
    'failed-backups': async () => failedRuns((await backups).items, log),
    'failed-restores': async () => failedRuns((await restores).items, log),
  };
}

/** What there is of the named runs. */
function runFiles(
  { backup, restore, location = DEFAULT_LOCATION }: Query,
  { get, log, history }: { readonly get: Look; readonly log: LookAtLog; readonly history: History },
): BundleFiles {
  const of = `?location=${location}`;
  return {
    ...(backup === undefined
      ? {}
      : {
          'backup/run': () => get(`/backups/${backup}${of}`),
          'backup/coverage': () => get(`/backups/${backup}/coverage${of}`),
          'backup/log': () => logOf(`/backups/${backup}`, location, log),
          'backup/hooks': () => get(`/backups/${backup}/hooks${of}`),
          'backup/history': () => history('Backup', { location, name: backup }),
        }),
    ...(restore === undefined
      ? {}
      : {
          'restore/run': () => get(`/restores/${restore}${of}`),
          'restore/log': () => logOf(`/restores/${restore}`, location, log),
          'restore/hooks': () => get(`/restores/${restore}/hooks${of}`),
          'restore/history': () => history('Restore', { location, name: restore }),
        }),
  };
}

async function newest(get: Look, path: string) {
  const answer = await get(`${path}&limit=${String(READ_MAX)}`);
  // The API answers with a list, or with a problem, which has no items.
  const { items = [], ...list } = answer as Partial<ResourceList<RunResource>>;
  const sorted = [...items].sort((left, right) =>
    left.metadata.creationTimestamp < right.metadata.creationTimestamp ? 1 : -1,
  );
  return { ...list, items: sorted.slice(0, RUNS_MAX) };
}
