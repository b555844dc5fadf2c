import { Client, Connection } from '@temporalio/client';
import pLimit from 'p-limit';

import type { ScheduleResource, ScheduleResourceList } from '../domain/api-resource.ts';
import { WORKFLOW_TASK_QUEUE } from '../domain/workflow-id.ts';
import { Installation } from '../test/support/installation.ts';
import type { Result } from './results.ts';

const SCHEDULES = 1000;
/** Requests under way at the same time, here and there. */
const IN_FLIGHT = 16;
const PAGE = 50;
const TIMES_RAW = 2;
/** Nothing happens while the bench runs. */
const YEARLY = '@yearly';

/**
 * Creating 1,000 schedules, and listing them page by page, at the API; against the calls of Temporal alone that create as
 * many and look at each, as the answer to a request does, and that look at each.
 */
export async function schedules(): Promise<Result[]> {
  const installation = await Installation.start();
  const connection = await Connection.connect({ address: installation.temporalAddress });
  try {
    const client = new Client({ connection });
    const raw = await rawCalls(client);
    const create = await seconds(() => createAll(installation));
    const list = await seconds(() => listAll(installation));
    return [
      against('schedules-1000-created', create, raw.create),
      against('schedules-1000-listed', list, raw.describe),
    ];
  } finally {
    await connection.close();
    await installation.stop();
  }
}

function against(name: string, value: number, raw: number): Result {
  return {
    ...{ name, value, unit: 's', ratio: value / raw },
    against: `the calls of Temporal (${raw.toFixed(2)} s)`,
    ...{ target: `at most ${String(TIMES_RAW)} times`, isMet: value <= TIMES_RAW * raw },
  };
}

/** Seconds that as many calls of Temporal take: to make schedules and look at each, and to look at all of them again. */
async function rawCalls(client: Client): Promise<{ create: number; describe: number }> {
  const ids = Array.from({ length: SCHEDULES }, (_, index) => `raw-${String(index)}`);
  const create = await seconds(() =>
    pLimit(IN_FLIGHT).map(ids, async (scheduleId) => {
      const handle = await client.schedule.create({
        scheduleId,
        spec: { cronExpressions: [YEARLY] },
        action: { type: 'startWorkflow', workflowType: 'none', taskQueue: WORKFLOW_TASK_QUEUE },
      });
      await handle.describe();
    }),
  );
  const describe = await seconds(() =>
    pLimit(IN_FLIGHT).map(ids, (id) => client.schedule.getHandle(id).describe()),
  );
  return { create, describe };
}

async function createAll(installation: Installation): Promise<void> {
  const names = Array.from({ length: SCHEDULES }, (_, index) => `bench-${String(index)}`);
  const template = { cluster: installation.name, includedNamespaces: ['bench'] };
  await pLimit(IN_FLIGHT).map(names, async (name) => {
    const body = { metadata: { name }, spec: { schedule: YEARLY, template } };
    const answer = await installation.request<ScheduleResource>('POST', '/schedules', body);
    if (answer.status !== 201) {
      throw new Error(`a schedule was answered with ${String(answer.status)}`);
    }
  });
}

async function listAll(installation: Installation): Promise<void> {
  let token = '';
  let count = 0;
  do {
    const path = `/schedules?limit=${String(PAGE)}${token === '' ? '' : `&continue=${token}`}`;
    const { body } = await installation.request<ScheduleResourceList>('GET', path);
    count += body.items.filter(({ status }) => status.phase === 'Enabled').length;
    token = body.metadata.continue ?? '';
  } while (token !== '');
  if (count !== SCHEDULES) {
    throw new Error(`the list has ${String(count)} schedules`);
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
