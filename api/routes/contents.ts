import { Readable } from 'node:stream';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import type { ItemQuery } from '../contents/item-filter.ts';
import type { ContentsService, ReadHow } from '../contents/service.ts';
import { PAGE_SIZE_DEFAULT } from '../runs/list.ts';
import {
  ArchiveSchema,
  DownloadQuery,
  ItemParams,
  ItemReadQuery,
  ItemsQuery,
  KubernetesObjectSchema,
} from '../schemas/contents.ts';
import { PAGE_SIZE_MAX, RunParams, RunQuery } from '../schemas/run.ts';
import { problem, reference, untilClosed } from './runs.ts';

const ONE = `${API_BASE}/backups/:name`;
const TAGS = ['backups'];
const ARCHIVE_CONTENT = 'application/gzip';
/** What may hold Secrets belongs into no cache on the way. */
const UNCACHED = 'no-store';

interface Query {
  location?: string;
  secrets?: 'reveal';
}
interface OneBackup {
  Params: { name: string };
  Querystring: Query;
}
interface ItemPage extends OneBackup {
  Querystring: Query & ItemQuery & { limit?: string; continue?: string };
}
interface OneItem extends OneBackup {
  Params: { name: string; type: string; itemName: string };
  Querystring: Query & { namespace?: string; version?: string };
}

interface ContentsRoutes {
  readonly contents: ContentsService;
  readonly guards: RouteGuards;
}

/** What an ended backup holds: its items, one of them, all of them as a tarball, and what is not among them. */
export function contentsRoutes(app: FastifyInstance, parts: ContentsRoutes): void {
  const { contents, guards } = parts;
  const config = { access: guards.run('Backup', 'get') };
  itemRoutes(app, parts);
  reportRoutes(app, parts);
  app.get<OneBackup>(
    `${ONE}/download`,
    {
      // It would read the tarball, only to throw it away.
      exposeHeadRoute: false,
      config: { ...config, isAudited: true },
      schema: {
        summary: 'Download the tarball; values of Secrets are masked',
        params: RunParams,
        querystring: DownloadQuery,
        tags: TAGS,
        response: {
          200: {
            description: 'The tarball.',
            content: { [ARCHIVE_CONTENT]: { schema: ArchiveSchema } },
          },
          default: problem(),
        },
      },
    },
    async (request, reply) => {
      const how = howOf(request, reply);
      if (how.isRevealed) {
        await guards.requireData(request);
      }
      const { body, sizeBytes } = await contents.download(keyOf(request), how);
      if (sizeBytes !== undefined) {
        reply.header('content-length', sizeBytes);
      }
      const file = `${request.params.name}-data.tar.gz`;
      return reply
        .headers({ 'cache-control': UNCACHED, 'content-type': ARCHIVE_CONTENT })
        .header('content-disposition', `attachment; filename="${file}"`)
        .send(Readable.from(body, { objectMode: false }));
    },
  );
}

/** What was noted when the backup was made. */
function reportRoutes(app: FastifyInstance, { contents, guards }: ContentsRoutes): void {
  const config = { access: guards.run('Backup', 'get') };
  app.get<OneBackup>(
    `${ONE}/coverage`,
    {
      config,
      schema: {
        summary: 'What the backup should hold, what it holds, and why they differ',
        params: RunParams,
        querystring: RunQuery,
        tags: TAGS,
        response: { 200: reference('Coverage'), default: problem() },
      },
    },
    async (request) => contents.coverage(keyOf(request)),
  );
  app.get<OneBackup>(
    `${ONE}/volumes`,
    {
      config,
      schema: {
        summary: 'What became of the volumes: whether and where their data was copied, or why not',
        params: RunParams,
        querystring: RunQuery,
        tags: TAGS,
        response: { 200: reference('BackupVolumeList'), default: problem() },
      },
    },
    async (request) => contents.volumes(keyOf(request)),
  );
  app.get<OneBackup>(
    `${ONE}/hooks`,
    {
      config,
      schema: {
        summary:
          'What became of the hooks of pods; of a backup under way, of those that have ended',
        params: RunParams,
        querystring: RunQuery,
        tags: TAGS,
        response: { 200: reference('BackupHookList'), default: problem() },
      },
    },
    async (request) => contents.hooks(keyOf(request)),
  );
}

function itemRoutes(app: FastifyInstance, { contents, guards }: ContentsRoutes): void {
  const config = { access: guards.run('Backup', 'get') };
  app.get<ItemPage>(
    `${ONE}/items`,
    {
      config,
      schema: {
        summary: 'List the items of an ended backup; its tarball is not read',
        params: RunParams,
        querystring: ItemsQuery,
        tags: TAGS,
        response: { 200: reference('BackupItemList'), default: problem() },
      },
    },
    async (request) => {
      const limit = Number(request.query.limit ?? PAGE_SIZE_DEFAULT);
      const query = { ...request.query, limit: Math.min(limit, PAGE_SIZE_MAX) };
      return contents.items(keyOf(request), query);
    },
  );
  app.get<OneItem>(
    `${ONE}/items/:type/:itemName`,
    {
      config: { ...config, isAudited: true },
      schema: {
        summary: 'Look at one item; only its part of the tarball is read',
        params: ItemParams,
        querystring: ItemReadQuery,
        tags: TAGS,
        response: { 200: KubernetesObjectSchema, default: problem() },
      },
    },
    async (request, reply) => {
      const { type, itemName } = request.params;
      const { namespace = '', version } = request.query;
      const wanted = { type, name: itemName, namespace, version };
      const how = howOf(request, reply);
      if (how.isRevealed) {
        await guards.requireData(request);
      }
      const json = await contents.item(keyOf(request), wanted, how);
      // A text is sent as it is: whoever made numbers of it would change some.
      return reply
        .headers({ 'cache-control': UNCACHED, 'content-type': 'application/json; charset=utf-8' })
        .send(json);
    },
  );
}

function keyOf({ params, query }: Pick<FastifyRequest<OneBackup>, 'params' | 'query'>): RunKey {
  return { location: query.location ?? DEFAULT_LOCATION, name: params.name };
}

function howOf({ query }: Pick<FastifyRequest<OneBackup>, 'query'>, reply: FastifyReply): ReadHow {
  return { isRevealed: query.secrets === 'reveal', signal: untilClosed(reply) };
}
