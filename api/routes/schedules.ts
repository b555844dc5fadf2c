import type { FastifyInstance } from 'fastify';

import type { AccessNeed } from '../../domain/access/access-need.ts';
import { scheduleNeeds } from '../../domain/access/run-access.ts';
import {
  API_BASE,
  API_VERSION,
  type BackfillRequest,
  type CreateScheduleRequest,
  type ScheduleResource,
  type TriggerRequest,
} from '../../domain/api-resource.ts';
import type { RequestAccess } from '../access/request-access.ts';
import type { RouteGuards } from '../access/route-guards.ts';
import { preconditionOf, sendTagged, sendUnlessKnown } from '../entity-tags.ts';
import { RequestFailure } from '../errors.ts';
import type { RecoverSchedulesRequest } from '../../domain/schedules/recovered-schedule.ts';
import type { ScheduleSpec } from '../../domain/schedules/schedule.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import { listFilter, type ListFilters } from '../lists/filters.ts';
import { placeOf, tokenFor } from '../lists/page-token.ts';
import type { Order } from '../lists/walk.ts';
import { PAGE_SIZE_DEFAULT } from '../runs/list.ts';
import { requestedSpec } from '../runs/request-faults.ts';
import type { ScheduleService } from '../schedules/service.ts';
import { requestOf, scheduleSpec } from '../schedules/spec.ts';
import { ChangeHeaders, LookHeaders, PAGE_SIZE_MAX } from '../schemas/run.ts';
import {
  Backfill,
  CreateSchedule,
  RecoverSchedules,
  ScheduleListQuery,
  ScheduleNote,
  ScheduleParams,
  Trigger,
} from '../schemas/schedule.ts';
import { MERGE_PATCH, mergePatchRoutes, patched } from './patches.ts';
import { known, problem, reference } from './runs.ts';

const BASE = `${API_BASE}/schedules`;
const TAGS = ['schedules'];
const NAME = '/:name(^[a-z0-9-]+)';

/** Schedules that are lost are made again whatever they take. */
const EVERY_SCHEDULE: readonly AccessNeed[] = [
  { verb: 'create', resource: 'schedules' },
  { verb: 'create', resource: 'backups' },
  { verb: 'create', resource: 'clusterbackups' },
];

interface Named {
  Params: { name: string };
}

interface ScheduleRoutes {
  readonly service: ScheduleService;
  readonly guards: RouteGuards;
}

/** Create, replace, list, look at, pause, trigger, backfill and delete schedules. */
export function scheduleRoutes(app: FastifyInstance, parts: ScheduleRoutes): void {
  const { service, guards } = parts;
  app.post<{ Body: CreateScheduleRequest }>(
    BASE,
    {
      attachValidation: true,
      config: { access: 'handler' },
      schema: {
        summary: 'Make a schedule; the same request again gives the same schedule',
        body: CreateSchedule,
        tags: TAGS,
        response: { 200: reference('Schedule'), 201: reference('Schedule'), default: problem() },
      },
    },
    async (request, reply) => {
      const spec = requestedSpec(request, specOf(guards));
      const { name } = request.body.metadata;
      await requireNew(request.access, { name, spec }, guards);
      const { resource, isNew } = await service.create(name, spec);
      reply.code(isNew ? 201 : 200).header('location', `${BASE}/${name}`);
      return sendTagged(reply, resource);
    },
  );
  app.post<{ Body: RecoverSchedulesRequest | null }>(
    `${BASE}::recover`,
    {
      config: { access: ({ access }) => access.require(EVERY_SCHEDULE) },
      schema: {
        summary: 'Give back to Temporal the schedules that it has lost and locations have',
        body: RecoverSchedules,
        tags: TAGS,
        response: { 200: reference('RecoveredSchedules'), default: problem() },
      },
    },
    async ({ body }) => service.recover(body ?? {}),
  );
  listRoute(app, parts);
  oneScheduleRoutes(app, parts);
  forgetRoute(app, parts);
  mergePatchRoutes(app, (scope) => {
    patchRoute(scope, parts);
  });
  verbRoutes(app, parts);
}

interface ListQuery extends ListFilters {
  readonly limit?: string;
  readonly continue?: string;
  readonly orderBy?: Order;
}

function listRoute(app: FastifyInstance, { service, guards }: ScheduleRoutes): void {
  app.get<{ Querystring: ListQuery }>(
    BASE,
    {
      config: { access: 'handler' },
      schema: {
        summary: 'List schedules',
        querystring: ScheduleListQuery,
        tags: TAGS,
        response: { 200: reference('ScheduleList'), default: problem() },
      },
    },
    async ({ access, query }) => {
      const { limit, continue: token, orderBy: order = 'name', ...filters } = query;
      const question = { ...filters, order };
      const isWanted = listFilter<ScheduleResource>(filters, ({ spec }) => spec.template);
      const see = guards.visible(access);
      const { items, next, unread } = await service.list({
        limit: Math.min(Number(limit ?? PAGE_SIZE_DEFAULT), PAGE_SIZE_MAX),
        after: placeOf(question, token),
        order,
        keep: (schedules) => see(schedules.filter(isWanted)),
      });
      return {
        ...{ apiVersion: API_VERSION, kind: 'ScheduleList' },
        metadata: {
          ...(next === undefined ? {} : { continue: tokenFor(question, next) }),
          ...(unread === undefined ? {} : { unread }),
        },
        items,
      };
    },
  );
}

function oneScheduleRoutes(app: FastifyInstance, { service, guards }: ScheduleRoutes): void {
  const one = { params: ScheduleParams, tags: TAGS };
  const ok = { 200: reference('Schedule'), default: problem() };
  app.put<Named & { Body: CreateScheduleRequest }>(
    `${BASE}/:name`,
    {
      attachValidation: true,
      config: { access: 'handler', isConditional: true },
      schema: {
        summary: 'Give a schedule another spec, or make it',
        body: CreateSchedule,
        headers: ChangeHeaders,
        ...one,
        response: { ...ok, 201: reference('Schedule') },
      },
    },
    async (request, reply) => {
      const spec = requestedSpec(request, specOf(guards));
      const { name } = request.params;
      requireOwnName(request.body, name);
      await requireNew(request.access, { name, spec }, guards);
      await guards.requireReplaced(request.access, name);
      const { resource, isNew } = await service.replace(name, spec, preconditionOf(request));
      return sendTagged(reply.code(isNew ? 201 : 200), resource);
    },
  );
  app.get<Named>(
    `${BASE}/:name`,
    {
      config: { access: guards.schedule('get') },
      schema: {
        summary: 'Look at a schedule and its last times',
        headers: LookHeaders,
        ...one,
        response: { ...ok, 304: known() },
      },
    },
    async (request, reply) =>
      sendUnlessKnown(request, reply, await service.get(request.params.name)),
  );
  app.get<Named>(
    `${BASE}/:name/retention`,
    {
      config: { access: guards.schedule('get') },
      schema: {
        summary: 'Which backups of a schedule stay, and why; the others go with the next backup',
        ...one,
        response: { 200: reference('Retention'), default: problem() },
      },
    },
    async ({ params: { name } }) => service.retention(name),
  );
}

function patchRoute(app: FastifyInstance, { service, guards }: ScheduleRoutes): void {
  app.patch<Named>(
    `${BASE}/:name`,
    {
      config: { access: guards.schedule('update'), isConditional: true },
      schema: {
        summary: 'Change parts of the spec of a schedule',
        consumes: [MERGE_PATCH],
        headers: ChangeHeaders,
        params: ScheduleParams,
        body: reference('MergePatch'),
        tags: TAGS,
        response: { 200: reference('Schedule'), default: problem() },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { resource } = await patched(request, {
        schema: CreateSchedule,
        read: async () => {
          const stored = await service.kept(name);
          return { document: requestOf(stored, request.body), revision: stored };
        },
        write: async (body: CreateScheduleRequest, precondition) => {
          requireOwnName(body, name);
          const spec = specOf(guards)(body);
          await requireNew(request.access, { name, spec }, guards);
          return service.replace(name, spec, precondition);
        },
      });
      return sendTagged(reply, resource);
    },
  );
}

/** What gives the spec of a request. */
function specOf({ realm: { ownCluster } }: RouteGuards) {
  return (request: Parameters<typeof scheduleSpec>[0]) => scheduleSpec(request, ownCluster);
}

/** Throws `invalid-request` for a body that is about another schedule than its path. */
function requireOwnName({ metadata }: CreateScheduleRequest, name: string): void {
  if (metadata.name !== name) {
    throw new RequestFailure([fieldError('/metadata/name', 'must be the name of the path')]);
  }
}

function forgetRoute(app: FastifyInstance, { service, guards }: ScheduleRoutes): void {
  app.delete<Named>(
    `${BASE}/:name`,
    {
      config: { access: guards.schedule('delete'), isConditional: true },
      schema: {
        summary: 'Forget a schedule; its backups stay',
        headers: ChangeHeaders,
        params: ScheduleParams,
        tags: TAGS,
        response: { 204: { type: 'null', description: 'It is forgotten.' }, default: problem() },
      },
    },
    async (request, reply) => {
      await service.delete(request.params.name, preconditionOf(request));
      return reply.code(204).send();
    },
  );
}

function verbRoutes(app: FastifyInstance, { service, guards }: ScheduleRoutes): void {
  const one = { params: ScheduleParams, tags: TAGS };
  const ok = { 200: reference('Schedule'), 202: reference('Schedule'), default: problem() };
  for (const [verb, paused] of [
    ['pause', true],
    ['unpause', false],
  ] as const) {
    app.post<Named & { Body: { note?: string } | null }>(
      `${BASE}${NAME}::${verb}`,
      {
        config: { access: guards.schedule('update'), isConditional: true },
        schema: {
          headers: ChangeHeaders,
          summary: paused ? 'Keep a schedule from making backups' : 'Let a schedule go on',
          body: ScheduleNote,
          ...one,
          response: ok,
        },
      },
      async (request, reply) => {
        const how = { paused, ...request.body };
        const { name } = request.params;
        return sendTagged(reply, await service.pause(name, how, preconditionOf(request)));
      },
    );
  }
  app.post<Named & { Body: TriggerRequest | null }>(
    `${BASE}${NAME}::trigger`,
    {
      config: { access: guards.schedule('update') },
      schema: { summary: 'Make a backup of a schedule now', body: Trigger, ...one, response: ok },
    },
    async ({ params: { name }, body }, reply) =>
      reply.code(202).send(await service.trigger(name, body ?? {})),
  );
  app.post<Named & { Body: BackfillRequest }>(
    `${BASE}${NAME}::backfill`,
    {
      config: { access: guards.schedule('update') },
      schema: {
        summary: 'Make the backups of times that are over',
        body: Backfill,
        ...one,
        response: ok,
      },
    },
    async ({ params: { name }, body }, reply) =>
      reply.code(202).send(await service.backfill(name, body)),
  );
}

/** Throws `forbidden` unless the caller may make such a schedule, and its backups. */
async function requireNew(
  access: RequestAccess,
  { name, spec }: { readonly name: string; readonly spec: ScheduleSpec },
  guards: RouteGuards,
): Promise<void> {
  const { ownCluster } = guards.realm;
  await access.require(scheduleNeeds(spec, { verb: 'create', ownCluster }));
  await guards.requireNoHeirs(access, name, spec.location);
}
