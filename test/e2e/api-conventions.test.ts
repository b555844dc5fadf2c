import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem, ScheduleResource } from '../../domain/api-resource.ts';
import type { StorageLocationResource } from '../../domain/locations/api-location.ts';
import type { NotificationEndpointResource } from '../../domain/notifications/api-endpoint.ts';
import { readSchedule, writeSchedule } from '../../storage/schedule-files.ts';
import { senderTo } from '../support/api-sender.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { type Answer, Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: many programs can work on the same things over the API without one undoing what another did. Method: a real
// installation; what races is sent at the same time, and the place where a thing is kept decides.

let installation: Installation;
let namespace: string;

beforeAll(async () => {
  [installation, namespace] = await Promise.all([Installation.start(), freshNamespace('agreed')]);
  await kubectl('create', 'configmap', 'note', '--from-literal=text=first', '-n', namespace);
});

afterAll(async () => {
  await kubectl('delete', 'namespace', installation.ownNamespace, '--ignore-not-found');
  await installation.stop();
  await dropNamespaces(namespace);
});

/** What is kept under one name, and can be changed. */
interface Kept {
  readonly path: string;
  readonly body: (mark: number) => { metadata: { name: string }; spec: object };
}

const KEPT: readonly Kept[] = [
  {
    path: '/schedules',
    body: (mark) => ({
      metadata: { name: 'yearly' },
      spec: {
        schedule: '@yearly',
        jitter: `${String(mark)}s`,
        template: { cluster: installation.name },
      },
    }),
  },
  {
    path: '/storage-locations',
    body: (mark) => ({
      metadata: { name: 'shelf' },
      spec: { provider: 'folder', path: '/nonexistent', uploadBytesPerSecond: 10_000 + mark },
    }),
  },
  {
    path: '/notification-endpoints',
    body: (mark) => ({
      metadata: { name: 'pager' },
      spec: { url: `https://receiver.invalid/${String(mark)}` },
    }),
  },
];

const send = senderTo(() => installation);

function tagOf(answer: Answer<unknown> | undefined): string {
  return answer?.headers.get('etag') ?? '';
}

/** Path of a change that is sent as JSON; a location is not looked at. */
function writePath({ path, body }: Kept): string {
  const query = path === '/storage-locations' ? '?check=false' : '';
  return `${path}/${body(0).metadata.name}${query}`;
}

test.each(KEPT)('of two changes of what one saw in $path one is made', async (kept) => {
  const path = writePath(kept);
  const one = path.replace('?check=false', '');
  const made = await send('PUT', path, { body: kept.body(1) });
  expect([made.status, tagOf(made)]).toEqual([201, tagOf(await send('GET', one))]);
  const ifMatch = { 'if-match': tagOf(made) };

  const racing = [2, 3, 4, 5].map((mark) =>
    send<Problem & ScheduleResource>('PUT', path, { headers: ifMatch, body: kept.body(mark) }),
  );
  const answers = await Promise.all(racing);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  const lost = answers.filter(({ status }) => status === 412);
  expect(lost.map(({ body }) => body.code)).toEqual(Array(3).fill('precondition-failed'));
  const now = await send<ScheduleResource>('GET', one);
  const [won] = answers.filter(({ status }) => status === 200);
  expect(now.body.spec).toEqual(won?.body.spec);
  expect(now.body.metadata.generation).toBe(2);

  expect((await send('DELETE', one, { headers: ifMatch })).status).toBe(412);
  expect((await send('DELETE', one, { headers: { 'if-match': tagOf(now) } })).status).toBe(204);
  expect((await send('GET', one)).status).toBe(404);
  // One that is made anew under the name is another one, though it is of the first generation too.
  await send('PUT', path, { body: kept.body(1) });
  expect((await send('DELETE', one, { headers: ifMatch })).status).toBe(412);
  expect((await send('DELETE', one, { headers: { 'if-match': '*' } })).status).toBe(204);
  const gone = await send('PUT', path, { headers: { 'if-match': '*' }, body: kept.body(1) });
  expect([gone.status, gone.body.code]).toEqual([412, 'precondition-failed']);
});

test('a schedule that somebody has changed is not paused, nor one whose deletion has begun', async () => {
  const [schedules] = KEPT;
  const path = '/schedules/yearly';
  const made = await send('PUT', path, { body: schedules?.body(1) });
  const paused = await send('POST', `${path}:pause`, { body: {} });
  const stale = { headers: { 'if-match': tagOf(made) }, body: {} };
  expect((await send('POST', `${path}:unpause`, stale)).status).toBe(412);
  const fresh = { headers: { 'if-match': tagOf(paused) }, body: {} };
  expect((await send('POST', `${path}:unpause`, fresh)).status).toBe(200);

  const store = installation.store();
  const read = await readSchedule(store, 'yearly');
  if (read === undefined) {
    throw new Error('there is no schedule');
  }
  const begun = { ...read.stored, deletionTimestamp: read.stored.creationTimestamp };
  await writeSchedule(store, begun, read.version);
  store.close();
  for (const [method, at, body] of [
    ['PUT', path, schedules?.body(2)],
    ['POST', '/schedules', schedules?.body(1)],
    ['POST', `${path}:pause`, {}],
    ['POST', `${path}:trigger`, {}],
  ] as const) {
    const { status, body: problem } = await send(method, at, { body });
    expect([status, problem.code]).toEqual([409, 'being-deleted']);
  }
  expect((await send('DELETE', path)).status).toBe(204);
  expect((await send('GET', path)).status).toBe(404);
});

test('who has the newest is told so, of schedules, locations, endpoints and runs', async () => {
  for (const kept of KEPT) {
    const path = writePath(kept);
    await send('PUT', path, { body: kept.body(1) });
    await expectKnown(path.replace('?check=false', ''));
    await send('DELETE', path.replace('?check=false', ''));
  }
  await installation.createBackup('first', [namespace]);
  const end = { headers: { prefer: 'wait=30' } };
  await expect
    .poll(
      async () => (await send<ScheduleResource>('GET', '/backups/first', end)).body.status.phase,
    )
    .toBe('Completed');
  await expectKnown('/backups/first');
});

/** Whoever sends the tag of an answer gets it once more only when it has changed. */
async function expectKnown(path: string): Promise<void> {
  const tag = tagOf(await send('GET', path));
  const known = await send('GET', path, { headers: { 'if-none-match': `"other", W/${tag}` } });
  expect([known.status, known.body, tagOf(known)]).toEqual([304, undefined, tag]);
  expect((await send('GET', path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
}

/** All but one field. */
function without(spec: object, field: string): object {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => name !== field));
}

/** What a merge patch makes of a thing. */
function patch<Body = Problem>(path: string, spec: object): Promise<Answer<Body>> {
  const headers = { 'content-type': 'application/merge-patch+json' };
  return send('PATCH', path, { headers, body: { spec } });
}

test('a patch changes what it names of a schedule, whoever changes the rest at the same time', async () => {
  const spec = {
    ...{ schedule: '@yearly', timeZone: 'Europe/Berlin', retention: { keepLast: 3 } },
    template: { cluster: installation.name, labelSelector: { matchLabels: { app: 'shop' } } },
  };
  const body = { metadata: { name: 'patched' }, spec };
  const made = await send<ScheduleResource>('POST', '/schedules', { body });
  const path = '/schedules/patched';
  const changes = [
    { paused: true, note: 'for now' },
    { jitter: '7s' },
    { schedule: 'CRON_TZ=Asia/Tokyo @monthly' },
    { retention: null, template: { labelSelector: null, ttl: '48h0m0s' } },
  ];
  const answers = await Promise.all(changes.map((change) => patch<ScheduleResource>(path, change)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const { body: now } = await send<ScheduleResource>('GET', path);
  expect(now.spec).toEqual({
    ...without(made.body.spec, 'retention'),
    ...{ paused: true, note: 'for now', jitter: '7s', timeZone: 'Asia/Tokyo' },
    schedule: 'CRON_TZ=Asia/Tokyo @monthly',
    template: { ...without(made.body.spec.template, 'labelSelector'), ttl: '48h0m0s' },
  });
  expect(now.metadata.generation).toBe(5);
  // Temporal acts on the last of them, whichever was told to it last.
  for (const mark of [1, 2, 3, 4, 5]) {
    await patch(path, { paused: false });
    const others = [1, 2, 3].map((other) => ({ jitter: `${String(mark * 10 + other)}s` }));
    await Promise.all([{ paused: true }, ...others].map((change) => patch(path, change)));
    expect((await send<ScheduleResource>('GET', path)).body.status.phase).toBe('Paused');
  }

  for (const [change, code] of [
    [{ jitter: 'soon' }, 'invalid-request'],
    [{ schedule: null }, 'invalid-request'],
    [{ colour: 'red' }, 'unknown-field'],
  ] as const) {
    const refused = await patch(path, change);
    expect([refused.status, refused.body.code]).toEqual([400, code]);
  }
  const stale = await send('PATCH', path, {
    headers: { 'content-type': 'application/merge-patch+json', 'if-match': tagOf(made) },
    body: { spec: { paused: false } },
  });
  expect(stale.status).toBe(412);
  expect((await send('PATCH', path, { body: { spec: {} } })).status).toBe(415);
  const asPatch = { headers: { 'content-type': 'application/merge-patch+json' }, body };
  expect((await send('PUT', path, asPatch)).status).toBe(415);
  await send('DELETE', path);
});

test('a patch takes fields away at any depth', async () => {
  const bucket = { provider: 's3', bucket: 'none', prefix: 'x', region: 'us-east-1' };
  const credentials = { secretName: 'keys', key: 'cloud', profile: 'backup' };
  const path = '/storage-locations/shelf';
  await send('PUT', `${path}?check=false`, {
    body: { metadata: { name: 'shelf' }, spec: { ...bucket, credentials } },
  });
  const less = await patch<StorageLocationResource>(`${path}?check=false`, {
    credentials: { key: null },
  });
  expect(less.body.spec).toMatchObject({ ...bucket, credentials: { secretName: 'keys' } });
  expect(less.body.spec).not.toHaveProperty('credentials.key');
  expect(less.body.spec).toHaveProperty('credentials.profile', 'backup');
  await send('DELETE', path);

  const pager = '/notification-endpoints/pager';
  const spec = { url: 'https://receiver.invalid/', events: ['backup.*'] };
  await send('PUT', pager, { body: { metadata: { name: 'pager' }, spec } });
  const wide = await patch<NotificationEndpointResource>(pager, { events: null });
  expect(wide.body.spec).toEqual({ url: spec.url });
  expect((await patch(pager, { url: 'nowhere' })).body.errors).toMatchObject([
    { pointer: '/spec/url' },
  ]);
  expect((await patch('/notification-endpoints/gone', {})).status).toBe(404);
  await send('DELETE', pager);
});

test('a condition that cannot be looked at is refused', async () => {
  const headers = { 'if-match': '"any"' };
  for (const [method, path] of [
    ['DELETE', '/backups/first'],
    ['POST', '/schedules/yearly:trigger'],
  ] as const) {
    const answer = await send(method, path, { headers });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  }
  const [schedules] = KEPT;
  const unquoted = { headers: { 'if-match': 'any' }, body: schedules?.body(1) };
  expect((await send('PUT', '/schedules/yearly', unquoted)).status).toBe(400);
});
