import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type {
  BackupResource,
  Problem,
  ResourceList,
  RetentionResource,
  ScheduleResource,
  ScheduleResourceList,
} from '../../domain/api-resource.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { type Answer, Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { backupKeys, scheduleKey } from '../../domain/object-key.ts';
import type { VeleroBackup } from '../../domain/velero-record.ts';
import { readAll } from '../../storage/object-store/read-all.ts';

// Goal: a schedule makes backups by itself, also when parts of Holdfast were away, keeps as many as it was told, and says
// what it did. Method: schedules of seconds on a real installation, whose worker is killed for several of their times.

let proxy: FaultProxy;
let installation: Installation;
let namespace: string;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  [installation, namespace] = await Promise.all([
    Installation.start({ expiryInterval: '1s', s3Endpoint: proxy.url }),
    freshNamespace('scheduled'),
  ]);
});

afterAll(async () => {
  await installation.stop();
  proxy.stop();
  await deleteNamespace(namespace);
});

function create<Body = ScheduleResource>(name: string, spec: object): Promise<Answer<Body>> {
  const template = { includedNamespaces: [namespace] };
  return installation.request('POST', '/schedules', {
    metadata: { name },
    spec: { schedule: '@every 2s', template, ...spec },
  });
}

async function get(name: string): Promise<ScheduleResource> {
  return (await installation.request<ScheduleResource>('GET', `/schedules/${name}`)).body;
}

const reasonsOf = ({ status }: ScheduleResource) => status.conditions.map(({ reason }) => reason);

function verb(name: string, which: string, body?: object): Promise<Answer<ScheduleResource>> {
  return installation.request('POST', `/schedules/${name}:${which}`, body ?? {});
}

/** `holdfast schedule …` */
async function cli(...args: string[]) {
  const command = startHoldfast(['schedule', ...args, '--server', installation.apiUrl]);
  return { status: await command.status, stdout: command.stdout, stderr: command.stderr };
}

async function backupsOf(schedule: string): Promise<BackupResource[]> {
  const { body } = await installation.request<ResourceList<BackupResource>>(
    'GET',
    '/backups?limit=500',
  );
  return body.items.filter(({ spec }) => spec.scheduleName === schedule);
}

/** Names of the backups that have ended well. */
async function completed(schedule: string): Promise<string[]> {
  const backups = await backupsOf(schedule);
  return backups
    .filter(({ status }) => status.phase === 'Completed')
    .map(({ metadata }) => metadata.name);
}

test('a schedule makes backups at its times, keeps the last, and says what it did', async () => {
  const text = 'CRON_TZ=Europe/Berlin @every 2s';
  const answer = await create('fast', { schedule: text, retention: { keepLast: 2 } });
  expect(answer.status).toBe(201);
  expect(answer.body.spec).toMatchObject({
    ...{
      schedule: text,
      timeZone: 'Europe/Berlin',
      overlapPolicy: 'Skip',
      catchupWindow: '1h0m0s',
    },
    ...{ retention: { keepLast: 2 }, template: { ttl: '0s', includedNamespaces: [namespace] } },
  });
  expect(answer.body.status.nextTimes).toHaveLength(10);
  const seen = new Set<string>();
  await expect
    .poll(async () => {
      (await completed('fast')).forEach((name) => seen.add(name));
      return seen.size;
    })
    .toBeGreaterThanOrEqual(4);
  await verb('fast', 'pause', { note: 'enough of it' });
  const paused = await get('fast');
  const { metadata, spec, status } = paused;
  expect(status).toMatchObject({ phase: 'Paused', observedGeneration: metadata.generation });
  expect(spec).toMatchObject({ paused: true, note: 'enough of it' });
  expect(reasonsOf(paused)).toEqual(['Accepted', 'Paused']);
  expect(status.recent?.length).toBeGreaterThanOrEqual(4);
  expect(status.recent?.[0]?.backup).toMatch(/^fast-\d{14}$/);
  const { backup: newest = '' } = status.lastSuccess ?? {};
  const { body: made } = await installation.request<BackupResource>('GET', `/backups/${newest}`);
  expect(made.status).not.toHaveProperty('expiration');
  expect(status.lastSuccess?.ageSeconds).toBeLessThan(600);
  await expect.poll(async () => (await backupsOf('fast')).length).toBe(2);
  const left = await completed('fast');
  const { body } = await installation.request<RetentionResource>(
    'GET',
    '/schedules/fast/retention',
  );
  expect(body.items.map(({ backup }) => backup).sort()).toEqual(left.sort());
  expect(body.items.map(({ reasons }) => reasons)).toEqual([
    ['keepLast', 'newest-good'],
    ['keepLast'],
  ]);
});

test('times at which the worker was away are made up for, or told as skipped', async () => {
  await create('robust', { overlapPolicy: 'Skip' });
  await expect.poll(() => completed('robust')).not.toHaveLength(0);
  await installation.end('worker', 'SIGTERM');
  const before = (await get('robust')).status.counts;
  // The one that waits for the worker keeps the others from being made.
  await expect
    .poll(async () => (await get('robust')).status.counts.skipped)
    .toBeGreaterThanOrEqual(before.skipped + 3);
  const refused = await cli('trigger', 'robust');
  expect(refused).toMatchObject({ status: 7, stdout: '' });
  expect(refused.stderr).toContain('a backup of the schedule robust is under way');
  expect((await cli('trigger', 'robust', '--overlap-policy', 'BufferOne')).status).toBe(0);
  await installation.startPart('worker');
  const { started } = (await get('robust')).status.counts;
  await expect
    .poll(async () => (await get('robust')).status.counts.started)
    .toBeGreaterThan(started);
  await verb('robust', 'pause');
  await expect
    .poll(async () => (await get('robust')).status.recent?.map(({ phase }) => phase))
    .not.toContain('InProgress');
  const { status } = await get('robust');
  expect(new Set(status.recent?.map(({ phase }) => phase))).toEqual(new Set(['Completed']));
  // Each time that was started has its backup.
  expect((await completed('robust')).length).toBe(status.counts.started);
});

test('a paused schedule makes a backup when it is triggered, and those of the past when it is told to', async () => {
  await create('asleep', { schedule: '30 2 * * *', timeZone: 'Europe/Berlin', paused: true });
  const first = await get('asleep');
  expect(first.status).toMatchObject({ phase: 'Paused', counts: { started: 0 } });
  expect((await verb('asleep', 'trigger')).status).toBe(202);
  await expect.poll(() => completed('asleep')).toHaveLength(1);
  const range = { startTime: '2026-03-10T00:00:00Z', endTime: '2026-03-12T00:00:00Z' };
  expect((await verb('asleep', 'backfill', range)).status).toBe(202);
  await expect.poll(() => completed('asleep')).toHaveLength(3);
  expect((await verb('asleep', 'backfill', range)).status).toBe(202);
  await expect.poll(async () => (await get('asleep')).status.counts.started).toBe(5);
  await expect
    .poll(async () => (await get('asleep')).status.recent?.map(({ phase }) => phase))
    .toEqual(['Skipped', 'Skipped', 'Completed', 'Completed', 'Completed']);
  expect((await completed('asleep')).filter((name) => name.startsWith('asleep-202603'))).toEqual([
    'asleep-20260310013000',
    'asleep-20260311013000',
  ]);
});

test('a backup that is refused is seen as failed', async () => {
  await create('doomed', {
    paused: true,
    template: { cluster: installation.name, includedNamespaces: ['no-such-namespace'] },
  });
  await verb('doomed', 'trigger');
  await expect
    .poll(async () => (await get('doomed')).status.recent?.map(({ phase }) => phase))
    .toEqual(['Failed']);
  expect(await backupsOf('doomed')).toEqual([]);
});

test('a backup that somebody cancels is seen as cancelled', async () => {
  await create('halted', { schedule: '@daily', paused: true });
  // What comes after the claim: a backup that was not opened leaves no record.
  const isArchive = (path: string) => /\/backups\/halted-.*(?<!holdfast\.json)$/.test(path);
  proxy.hits = 0;
  const release = proxy.hold(isArchive);
  await verb('halted', 'trigger');
  await expect.poll(() => proxy.hits).toBeGreaterThan(0);
  const [run] = (await get('halted')).status.recent ?? [];
  const cancelled = await installation.request('POST', `/backups/${run?.backup ?? ''}:cancel`);
  proxy.faults = [];
  release();
  expect(cancelled.status).toBe(202);
  await expect
    .poll(async () => (await get('halted')).status.recent)
    .toMatchObject([{ backup: run?.backup, phase: 'Cancelled' }]);
  expect((await get('halted')).status.lastBackup?.phase).toBe('Cancelled');
});

test('a schedule is replaced, listed page by page, and forgotten', async () => {
  await create('weekly', { schedule: '@weekly', paused: true });
  expect((await create('weekly', { schedule: '@weekly', paused: true })).status).toBe(200);
  expect((await create<Problem>('weekly', { schedule: '@daily' })).body.code).toBe(
    'already-exists',
  );
  const { body } = await installation.request<ScheduleResource>('PUT', '/schedules/weekly', {
    metadata: { name: 'weekly' },
    spec: { schedule: '0 0 1 * MON', template: { cluster: installation.name } },
  });
  expect(body.metadata.generation).toBe(2);
  expect(body.status.phase).toBe('Enabled');
  // The first of a month, and Mondays.
  const days = body.status.nextTimes.map((time) => new Date(time));
  expect(days.every((day) => day.getUTCDate() === 1 || day.getUTCDay() === 1)).toBe(true);
  expect(days.some((day) => day.getUTCDay() !== 1)).toBe(true);
  const names: string[] = [];
  for (let token = ''; ;) {
    const path = `/schedules?limit=1${token === '' ? '' : `&continue=${token}`}`;
    const page = (await installation.request<ScheduleResourceList>('GET', path)).body;
    names.push(...page.items.map(({ metadata }) => metadata.name));
    if (page.metadata.continue === undefined) {
      break;
    }
    token = page.metadata.continue;
  }
  expect(names).toEqual(['asleep', 'doomed', 'fast', 'halted', 'robust', 'weekly']);
  // One whose file is lost is acted on still: that is told, and it is taken over, or ended.
  const store = installation.store();
  await store.remove([scheduleKey('weekly')]);
  const unkept = await installation.request<Problem>('GET', '/schedules/weekly');
  expect(unkept).toMatchObject({ status: 404, body: { code: 'not-found' } });
  expect(unkept.body.detail).toContain('Temporal acts on it still');
  const { body: taken } = await create('weekly', { schedule: '@monthly' });
  expect(taken.status.nextTimes.every((time) => new Date(time).getUTCDate() === 1)).toBe(true);
  await store.remove([scheduleKey('weekly')]);
  store.close();
  expect((await installation.request('DELETE', '/schedules/weekly')).status).toBe(204);
  expect((await installation.request<Problem>('GET', '/schedules/weekly')).body.code).toBe(
    'not-found',
  );
});

test('a backup whose TTL is over is deleted by itself', async () => {
  for (const name of ['by-hand-0', 'by-hand-1']) {
    await installation.createBackup(name, [namespace]);
    await installation.ended('backups', name);
  }
  const store = installation.store();
  const key = backupKeys('by-hand-1').record;
  const record = JSON.parse((await readAll(store, key)).toString()) as VeleroBackup;
  expect(record.status.expiration).toBeDefined();
  const status = { ...record.status, expiration: '2026-01-01T00:00:00Z' };
  await store.put(key, Buffer.from(JSON.stringify({ ...record, status })));
  await expect
    .poll(async () => (await installation.request('GET', '/backups/by-hand-1')).status)
    .toBe(404);
  expect((await installation.request('GET', '/backups/by-hand-0')).status).toBe(200);
  store.close();
});

test('a backup that is held outlives the rules, and goes when it is released', async () => {
  const cli = async (...args: string[]) => {
    const command = startHoldfast(['backup', ...args, '--server', installation.apiUrl]);
    return { status: await command.status, stdout: command.stdout, stderr: command.stderr };
  };
  const makeAnother = async (): Promise<string> => {
    const before = await completed('treasured');
    // What triggered the backup before may still delete older ones, and takes no other in this time.
    await expect.poll(async () => (await verb('treasured', 'trigger')).status).toBe(202);
    await expect.poll(() => completed('treasured')).not.toEqual(before);
    return (await get('treasured')).status.lastSuccess?.backup ?? '';
  };
  await create('treasured', { schedule: '@daily', paused: true, retention: { keepLast: 1 } });
  const first = await makeAnother();
  const held = await cli('hold', first, '--reason', 'audit of March');
  expect(held).toEqual({ status: 0, stdout: '', stderr: `backup ${first} is held\n` });
  const second = await makeAnother();
  const third = await makeAnother();
  await expect.poll(() => completed('treasured')).toEqual([first, third]);
  expect(second).not.toBe(first);
  const refused = await installation.request<Problem>('DELETE', `/backups/${first}`);
  expect(refused).toMatchObject({ status: 409, body: { code: 'held' } });
  expect(refused.body.detail).toContain(`holdfast backup release ${first}`);
  expect((await cli('get', first)).stdout).toMatch(/HELD\n.* audit of March\n/);
  expect((await cli('release', first)).stderr).toBe(`backup ${first} is not held\n`);
  await expect.poll(() => completed('treasured')).toEqual([third]);
});

test('a backup is extended', async () => {
  await installation.createBackup('longer', [namespace]);
  await installation.ended('backups', 'longer');
  const expiration = '2999-01-01T00:00:00Z';
  const { status, body } = await installation.request<BackupResource>(
    ...(['POST', '/backups/longer:extend', { expiration }] as const),
  );
  expect({ status, expiration: body.status.expiration }).toEqual({ status: 200, expiration });
  const sooner = await installation.request<Problem>('POST', '/backups/longer:extend', {
    ttl: '1h',
  });
  expect(sooner).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
});

test('schedules are made and looked at from the command line', async () => {
  const flags = ['--include-namespaces', namespace];
  const made = await cli(
    ...['create', 'by-cli', '--schedule', '0 3 * * *', '--keep-daily', '7', '--paused'],
    ...flags,
  );
  expect(made).toMatchObject({ status: 0, stdout: '' });
  expect(made.stderr).toMatch(/^schedule by-cli is Paused; the next time is \S+\n$/);
  expect((await cli('trigger', 'by-cli')).status).toBe(0);
  await expect.poll(() => completed('by-cli')).toHaveLength(1);
  const [name = ''] = await completed('by-cli');
  expect((await cli('describe', 'by-cli')).stdout).toMatch(
    new RegExp(`Kept: +daily 7\n[^]*Last success: +\\d+s ago, ${name}\n[^]*Ready +True +Accepted`),
  );
  const row = /by-cli +Paused +0 3 \* \* \* +UTC/;
  expect((await cli('list')).stdout).toMatch(row);
  expect((await cli('get', 'by-cli')).stdout).toMatch(row);
  const times = (await cli('next', 'by-cli')).stdout.trimEnd().split('\n');
  expect(times).toEqual((await get('by-cli')).status.nextTimes);
  expect(times.length).toBeGreaterThan(1);
  expect((await cli('retention', 'by-cli')).stdout).toMatch(
    / stays +keepDaily [-\d]+, newest-good/,
  );
  expect((await cli('unpause', 'by-cli')).stderr).toBe('schedule by-cli is Enabled\n');
  const file = join(await mkdtemp(join(tmpdir(), 'holdfast-schedule-')), 'velero.yaml');
  const template = { includedNamespaces: [namespace], storageLocation: 'default', ttl: '48h' };
  await writeFile(
    file,
    JSON.stringify({
      ...{ apiVersion: 'velero.io/v1', kind: 'Schedule', metadata: { name: 'by-file' } },
      spec: { schedule: '0 3 * * *', skipImmediately: true, template },
    }),
  );
  const fromFile = await cli('create', '-f', file, '--schedule', '0 4 * * *');
  expect(fromFile).toMatchObject({ status: 0 });
  expect(fromFile.stderr).toContain('have no effect yet and are left out: spec.skipImmediately');
  expect((await get('by-file')).spec).toMatchObject({
    ...{ schedule: '0 4 * * *', location: 'default' },
    template: { includedNamespaces: [namespace], ttl: '48h', cluster: installation.name },
  });
  await cli('delete', 'by-file');
  const wrong = await cli('create', 'wrong', '--schedule', '61 * * * *');
  expect(wrong).toMatchObject({ status: 1, stdout: '' });
  expect(wrong.stderr).toContain('/spec/schedule cannot be read');
  expect((await cli('delete', 'by-cli')).stderr).toContain('its backups stay');
  expect(await completed('by-cli')).toEqual([name]);
});

test('what is wrong with a schedule is told at once, field by field', async () => {
  const { status, body } = await create<Problem>('wrong', {
    ...{ schedule: '61 * * *', jitter: 'a while', catchupWindow: '1s' },
    template: { ttl: 'for ever' },
  });
  expect(status).toBe(400);
  expect(body.errors?.map(({ pointer }) => pointer)).toEqual([
    '/spec/schedule',
    '/spec/jitter',
    '/spec/catchupWindow',
    '/spec/template/ttl',
  ]);
});

test('a schedule that Temporal has lost is seen, and comes back from its location', async () => {
  await create('kept', { schedule: '@daily' });
  await installation.kill('temporal');
  await installation.loseTemporal();
  await installation.startPart('temporal');
  await expect.poll(async () => (await get('kept')).status.phase).toBe('Missing');
  const lost = await get('kept');
  expect(reasonsOf(lost)).toEqual(['Missing', 'Missing']);
  expect((await create('kept', { schedule: '@daily' })).status).toBe(200);
  // Somebody pauses it in the Temporal UI.
  const connection = await Connection.connect({ address: installation.temporalAddress });
  await new Client({ connection }).schedule.getHandle('schedule/kept').pause();
  await connection.close();
  expect(reasonsOf(await get('kept'))).toEqual(['OutOfDate', 'Paused']);
  await verb('kept', 'unpause');
  expect(reasonsOf(await get('kept'))).toEqual(['Accepted', 'Enabled']);
  // One is back; the others come back all at once, paused where they were.
  const recovered = await cli('recover');
  expect(recovered).toMatchObject({
    status: 0,
    stdout: 'asleep\ndoomed\nfast\nhalted\nrobust\ntreasured\n',
  });
  expect((await get('fast')).status.phase).toBe('Paused');
  expect((await cli('recover')).stdout).toBe('');
});
