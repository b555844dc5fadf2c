import { createHmac, randomUUID } from 'node:crypto';

import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Problem } from '../../domain/api-resource.ts';
import type { BackupSpec } from '../../domain/backup.ts';
import type { DiagnosisResource } from '../../domain/diagnosis/checks.ts';
import type {
  NotificationEndpointResource,
  NotificationTest,
} from '../../domain/notifications/api-endpoint.ts';
import { type CloudEvent, pingEvent } from '../../domain/notifications/event.ts';
import {
  backupWorkflowId,
  deliverWorkflowId,
  notifyWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../../domain/workflow-id.ts';
import {
  BACKUP_WORKFLOW,
  DELIVER_NOTIFICATION_WORKFLOW,
  type DeliverInput,
  EXPIRE_BACKUPS_WORKFLOW,
} from '../../workflows/contract.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { EventReceiver, type ReceiverAnswer } from '../support/event-receiver.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

// Goal: who wants to know is told what happens to runs, once under each id whatever the receiver does meanwhile, and a
// receiver that is lost is told of. Method: a real installation and a receiver of this process, which answers as the test
// says.

const ENDPOINT = 'ops';
const KEY = Buffer.alloc(32, 5);
const TOKEN = 'Bearer never-to-be-told';
const EVENTS = '/notification-endpoints';
const QUICK = { attempts: 8, firstMs: 50, maxMs: 100 };

let installation: Installation;
let namespace: string;
let client: Client;
let receiver: EventReceiver;
/** What the receiver answers next; it takes everything after these. */
let answers: ReceiverAnswer[] = [];

beforeAll(async () => {
  [installation, namespace] = await Promise.all([
    Installation.start({ patience: '5s' }),
    freshNamespace('notified'),
  ]);
  const address = installation.temporalAddress;
  client = new Client({ connection: await Connection.connect({ address }) });
  receiver = await EventReceiver.start({ answer: () => answers.shift() ?? { status: 204 } });
  await kubectl('create', 'configmap', 'note', '--from-literal=text=first', '-n', namespace);
  await kubectl('create', 'namespace', installation.ownNamespace);
  const metadata = { name: 'hook', namespace: installation.ownNamespace };
  const stringData = {
    signingKeys: `whsec_${KEY.toString('base64')}`,
    'header.Authorization': TOKEN,
  };
  await applyYaml(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData }));
  const made = await create(ENDPOINT, { url: receiver.url, secretRef: { name: 'hook' } });
  expect(made).toMatchObject({ status: 201, body: { status: { state: 'Untried' } } });
});

beforeEach(() => {
  answers = [];
});

afterAll(async () => {
  receiver.stop();
  await client.connection.close();
  await installation.stop();
  await Promise.all([namespace, installation.ownNamespace].map(deleteNamespace));
});

function create(name: string, spec: object) {
  const body = { metadata: { name }, spec };
  return installation.request<NotificationEndpointResource & Problem>('POST', EVENTS, body);
}

async function endpoint(): Promise<NotificationEndpointResource> {
  const path = `${EVENTS}/${ENDPOINT}`;
  return (await installation.request<NotificationEndpointResource>('GET', path)).body;
}

/** The events that have come for a run, in the order of their ids. */
function told(uid: string): CloudEvent[] {
  return receiver.events
    .filter(({ headers }) => String(headers['webhook-id']).startsWith(uid))
    .map(({ body }) => JSON.parse(body) as CloudEvent)
    .sort((left, right) => (left.id < right.id ? 1 : -1));
}

/** Starts the delivery of an event as a run does, with pauses that a test can wait for. */
function startDelivery(id: string, plan: DeliverInput['plan'] = QUICK) {
  const { name: cluster } = installation;
  const event = pingEvent({ cluster, endpoint: ENDPOINT, id }, '2026-03-01T10:00:00Z');
  const input: DeliverInput = { cluster, endpoint: ENDPOINT, event, plan };
  const workflowId = deliverWorkflowId(event.id, ENDPOINT);
  return client.workflow.start(DELIVER_NOTIFICATION_WORKFLOW, {
    ...{ workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] },
  });
}

function deliver(id: string, plan?: DeliverInput['plan']): Promise<unknown> {
  return startDelivery(id, plan).then((handle) => handle.result());
}

/** All histories, as JSON. */
async function histories(): Promise<string[]> {
  const all: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    all.push(historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory()));
  }
  return all;
}

test('begin and end of a backup arrive signed, and are Events of the cluster', async () => {
  const { uid } = (await installation.createBackup('shop', [namespace])).body.metadata;
  await installation.ended('backups', 'shop');
  await expect
    .poll(() => told(uid).map(({ type }) => type))
    .toEqual(['io.holdfast.backup.started.v1', 'io.holdfast.backup.completed.v1']);
  const [, ended] = told(uid);
  expect(ended).toMatchObject({
    ...{ id: `${uid}-ended`, subject: 'backups/shop' },
    data: { cluster: installation.name, location: 'default', phase: 'Completed', errors: 0 },
  });
  for (const { headers, body } of receiver.events) {
    const id = String(headers['webhook-id']);
    const content = `${id}.${String(headers['webhook-timestamp'])}.${body}`;
    const signature = createHmac('sha256', KEY).update(content).digest('base64');
    expect(headers).toMatchObject({
      'webhook-signature': `v1,${signature}`,
      authorization: TOKEN,
    });
  }
  await expect
    .poll(async () => {
      const path = 'jsonpath={range .items[*]}{.reason} {.regarding.name}{"\\n"}{end}';
      const own = installation.ownNamespace;
      const text = await kubectl('-n', own, 'get', 'events.events.k8s.io', '-o', path);
      return text.trim().split('\n').sort();
    })
    .toEqual(['BackupCompleted shop', 'BackupStarted shop']);
  await expect.poll(async () => (await endpoint()).status.state).toBe('Delivering');
});

test('a run that has ended is told of when the receiver comes back, and the run waits for nothing', async () => {
  const { port } = receiver;
  receiver.stop();
  const spec = { backupName: 'shop', namespaceMapping: { [namespace]: `${namespace}-copy` } };
  const { uid } = (await installation.createRestore('shop', spec)).body.metadata;
  expect((await installation.ended('restores', 'shop')).status.phase).toBe('Completed');
  await expect.poll(async () => (await endpoint()).status.state).toBe('Retrying');
  receiver = await EventReceiver.start({ port, answer: () => answers.shift() ?? { status: 204 } });
  await expect
    .poll(() => told(uid).map(({ type }) => type))
    .toEqual(['io.holdfast.restore.started.v1', 'io.holdfast.restore.completed.v1']);
  await deleteNamespace(`${namespace}-copy`);
});

test('an event is sent until it is taken, always under one id, and no secret is in any history', async () => {
  answers = [
    { status: 500 },
    { status: 302, headers: { location: '/elsewhere' } },
    { status: 429 },
  ];
  const id = randomUUID();
  await expect(deliver(id)).resolves.toEqual({ outcome: 'Delivered', status: 204 });
  const sent = receiver.events.filter(({ headers }) => headers['webhook-id'] === `ping-${id}`);
  expect(sent).toHaveLength(4);
  expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
  expect(sent.every(({ path }) => path === '/events')).toBe(true);
  const payloads = (await histories()).flatMap((history) =>
    [...history.matchAll(/"data": *"([A-Za-z0-9+/=]+)"/g)].map(([, data = '']) =>
      Buffer.from(data, 'base64').toString(),
    ),
  );
  const holds = (words: string): boolean => payloads.some((text) => text.includes(words));
  expect(holds(`ping-${id}`)).toBe(true);
  expect([holds('never-to-be-told'), holds(KEY.toString('base64'))]).toEqual([false, false]);
});

test('an endpoint that takes nothing is failing until something arrives, and doctor says so', async () => {
  answers = [{ status: 503 }, { status: 503 }];
  await expect(deliver(randomUUID(), { ...QUICK, attempts: 2 })).rejects.toThrow();
  const failing = await endpoint();
  expect(failing.status).toMatchObject({
    ...{
      state: 'Failing',
      lastFailure: { message: 'the endpoint ops answers HTTP 503: no success' },
    },
  });
  const { body } = await installation.request<DiagnosisResource>(
    'POST',
    `/status:check?cluster=${installation.name}`,
  );
  expect(body.checks.find(({ name }) => name === 'NotificationEndpoint')).toMatchObject({
    ...{ subject: ENDPOINT, result: 'Warning' },
    message: expect.stringContaining('is Failing: the endpoint ops answers HTTP 503') as string,
  });
  await deliver(randomUUID());
  const mended = await endpoint();
  expect(mended.status.state).toBe('Delivering');
  expect(mended.status).not.toHaveProperty('lastFailure');
});

test('a receiver that is gone is not asked again', async () => {
  answers = [{ status: 410 }];
  const id = randomUUID();
  await expect(deliver(id)).rejects.toThrow();
  expect(
    receiver.events.filter(({ headers }) => headers['webhook-id'] === `ping-${id}`),
  ).toHaveLength(1);
  expect((await endpoint()).status.state).toBe('Failing');
  await deliver(randomUUID());
});

test('a backup of a schedule that is refused is told of, since nobody waits for the answer', async () => {
  const { body } = await installation.request<{ spec: BackupSpec }>('GET', '/backups/shop');
  const run = { location: 'default', name: 'nightly-1' };
  const spec = { ...body.spec, scheduleName: 'nightly', includedNamespaces: ['no-such-namespace'] };
  const handle = await client.workflow.start(BACKUP_WORKFLOW, {
    ...{ workflowId: backupWorkflowId(run), taskQueue: WORKFLOW_TASK_QUEUE },
    args: [{ ...run, specDigest: 'none', spec }],
  });
  await expect(handle.result()).rejects.toThrow();
  await expect
    .poll(() => told(handle.firstExecutionRunId))
    .toMatchObject([
      {
        type: 'io.holdfast.backup.failed.v1',
        data: { schedule: 'nightly', failure: { code: 'namespace-not-found' } },
      },
    ]);
});

test('a location that is away is told of once a day, however often it is looked at', async () => {
  const spec = { provider: 's3', bucket: 'away', endpoint: 'http://127.0.0.1:1' };
  const body = { metadata: { name: 'away' }, spec };
  await installation.request('POST', '/storage-locations?check=false', body);
  const look = () =>
    client.workflow.execute(EXPIRE_BACKUPS_WORKFLOW, {
      ...{ workflowId: randomUUID(), taskQueue: WORKFLOW_TASK_QUEUE },
      args: [{ cluster: installation.name }],
    });
  const away = () =>
    receiver.events.filter(({ body: text }) => text.includes('location.unavailable'));
  // The worker may have looked for locations a moment before.
  await expect.poll(look).toMatchObject({ unread: ['away'] });
  await expect.poll(() => away().length).toBe(1);
  expect(JSON.parse(away()[0]?.body ?? '')).toMatchObject({
    data: { location: 'away', failure: { code: 'location-unreachable' } },
  });
  await expect(look()).resolves.toMatchObject({ unread: ['away'] });
  await installation.request('DELETE', '/storage-locations/away');
  await deliver(randomUUID());
  expect(away()).toHaveLength(1);
});

test('a filter keeps events away, and a run without endpoints starts nothing', async () => {
  const filtered = { url: receiver.url, events: ['backup.failed'] };
  const body = { metadata: { name: ENDPOINT }, spec: filtered };
  expect((await installation.request('PUT', `${EVENTS}/${ENDPOINT}`, body)).status).toBe(200);
  const { uid } = (await installation.createBackup('quiet', [namespace])).body.metadata;
  await installation.ended('backups', 'quiet');
  await expect(
    client.workflow.getHandle(notifyWorkflowId(`${uid}-ended`)).result(),
  ).resolves.toEqual({ endpoints: 0 });
  expect(told(uid)).toEqual([]);
  expect((await installation.request('DELETE', `${EVENTS}/${ENDPOINT}`)).status).toBe(204);
  const alone = (await installation.createBackup('alone', [namespace])).body.metadata.uid;
  await installation.ended('backups', 'alone');
  await expect(
    client.workflow.getHandle(notifyWorkflowId(`${alone}-started`)).describe(),
  ).rejects.toThrow();
});

test('the command line keeps, tests, shows and forgets an endpoint', async () => {
  const holdfast = async (...words: string[]) => {
    const command = startHoldfast(['notification', ...words, '--server', installation.apiUrl]);
    const code = await command.status;
    return { code, stdout: command.stdout, stderr: command.stderr };
  };
  const created = await holdfast('create', 'cli', '--url', receiver.url, '--event', 'restore.*');
  expect(created).toMatchObject({ code: 0, stderr: 'notification endpoint cli is kept\n' });
  const sent = await holdfast('test', 'cli');
  expect(sent).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('was delivered') as string,
  });
  answers = [{ status: 500 }];
  const failed = await holdfast('test', 'cli', '-o', 'json');
  expect(failed.code).toBe(4);
  expect(JSON.parse(failed.stdout) as NotificationTest).toMatchObject({
    ...{ outcome: 'Failed', failure: { code: 'notification-failed' } },
  });
  expect((await holdfast('list')).stdout).toMatch(/cli +http:\S+ +restore\.\* +Retrying +the endp/);
  expect(await holdfast('delete', 'cli')).toMatchObject({ code: 0 });
  expect(await holdfast('get', 'cli')).toMatchObject({ code: 5 });
});

test('a request that is no endpoint is refused with the field, and another spec of a name too', async () => {
  const wrong = await create('wrong', { url: 'https://a/', events: ['backup.lost'] });
  expect(wrong).toMatchObject({ status: 400, body: { errors: [{ pointer: '/spec/events/0' }] } });
  const spec = { url: receiver.url };
  expect((await create('twice', spec)).status).toBe(201);
  expect((await create('twice', spec)).status).toBe(200);
  expect((await create('twice', { url: 'https://a/' })).status).toBe(409);
  expect((await installation.request('GET', `${EVENTS}/none`)).status).toBe(404);
  const { body } = await installation.request<{ items: object[] }>('GET', EVENTS);
  expect(body.items).toMatchObject([{ metadata: { name: 'twice' }, spec }]);
});
