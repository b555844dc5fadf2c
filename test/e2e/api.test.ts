import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { openTemporal } from '../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../api/runs/temporal.ts';
import type { Problem, RunResource } from '../../domain/api-resource.ts';
import {
  backupWorkflowId,
  deleteWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../../domain/workflow-id.ts';
import { DELETE_WORKFLOW, type DeleteInput, type DeleteResult } from '../../workflows/contract.ts';
import { keysUnder } from '../support/archive-items.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { Installation, type InstallationOptions } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { isWorkKey } from '../support/work-keys.ts';

// Goal: what the API promises about the time between a request and its end: deletions, waits, cancels, lists and what
// Temporal shows of a run. Method: a real installation; a proxy in front of the S3 server holds a request where a
// test has to look at the moment in between.

/** A namespace that every cluster has, with few objects. */
const NAMESPACE = 'default';
const copy = `api-${String(process.pid)}`;
let proxy: FaultProxy;
let installation: Installation;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({ s3Endpoint: proxy.url });
  connection = await Connection.connect({ address: installation.temporalAddress });
  client = new Client({ connection });
});

beforeEach(() => {
  proxy.faults = [];
  proxy.hits = 0;
});

afterAll(async () => {
  await connection.close();
  await installation.stop();
  proxy.stop();
  await dropNamespaces(copy);
});

/** Requests to remove objects go to the bucket itself. */
function isBucket(path: string): boolean {
  return path.split('/').filter((part) => part !== '').length === 1;
}

async function waitFor(
  name: string,
  seconds: number,
): Promise<{ headers: Headers; body: RunResource }> {
  const response = await fetch(`${installation.apiUrl}/api/v1/backups/${name}`, {
    headers: { prefer: `wait=${String(seconds)}` },
  });
  // A look at a run that is there.
  return { headers: response.headers, body: (await response.json()) as RunResource };
}

async function namesOf(phase: string): Promise<string[]> {
  const { body } = await installation.request<{ items: RunResource[] }>(
    'GET',
    `/backups?phase=${phase}`,
  );
  return body.items.map(({ metadata }) => metadata.name);
}

async function backUp(name: string): Promise<RunResource> {
  expect((await installation.createBackup(name, [NAMESPACE])).status).toBe(202);
  return installation.ended('backups', name);
}

async function statusOf(name: string, plural = 'backups'): Promise<number> {
  return (await installation.request('GET', `/${plural}/${name}`)).status;
}

async function filesOf(name: string, plural = 'backups'): Promise<string[]> {
  const store = installation.store();
  const keys = await keysUnder(store, `${plural}/${name}/`);
  store.close();
  return keys;
}

/** Runs the workflow of a deletion past the API. */
async function deletionOf(
  name: string,
  runUid: string,
  kind: DeleteInput['kind'] = 'Backup',
): Promise<DeleteResult> {
  const key = { location: 'default', name };
  const input: DeleteInput = { kind, ...key, runUid, cluster: installation.name };
  return client.workflow.execute<(input: DeleteInput) => Promise<DeleteResult>>(DELETE_WORKFLOW, {
    workflowId: deleteWorkflowId(kind, key),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [input],
  });
}

async function withInstallation(
  options: InstallationOptions,
  use: (other: Installation) => Promise<void>,
): Promise<void> {
  const other = await Installation.start(options);
  try {
    await use(other);
  } finally {
    await other.stop();
  }
}

/** The test bed's kubeconfig, with another server or another user. */
async function withKubeconfig(
  { server, user }: { server?: string; user?: { token: string } },
  use: (kubeconfig: string) => Promise<void>,
): Promise<void> {
  const view = await kubectl('config', 'view', '--raw', '--minify', '--output', 'json');
  // kubectl wrote it, in the shape of client-go's Config.
  const config = JSON.parse(view) as {
    clusters: { cluster: { server: string } }[];
    users: { user: object }[];
  };
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-kubeconfig-'));
  const path = join(folder, 'config');
  const clusters = config.clusters.map((entry) => ({
    ...entry,
    cluster: { ...entry.cluster, ...(server === undefined ? {} : { server }) },
  }));
  const users = config.users.map((entry) => ({ ...entry, user: user ?? entry.user }));
  await writeFile(path, JSON.stringify({ ...config, clusters, users }));
  try {
    await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a name is not free while its deletion is under way, and is free afterwards', async () => {
  await backUp('again');
  const release = proxy.hold(isBucket, 'POST');
  expect((await installation.request('DELETE', '/backups/again')).status).toBe(202);
  await expect.poll(() => proxy.hits).toBeGreaterThan(0);
  expect((await installation.look('backups', 'again'))?.status.phase).toBe('Deleting');
  const { status, body } = await installation.createBackup('again', [NAMESPACE]);
  expect({ status, code: body.code }).toEqual({ status: 409, code: 'being-deleted' });
  expect(body.detail).toContain('is under way');
  release();
  await expect.poll(() => statusOf('again'), { timeout: 30_000 }).toBe(404);
  expect(await filesOf('again')).toEqual([]);
  await backUp('again');
});

test('a deletion that is repeated leaves a newer backup of the same name alone', async () => {
  const first = await backUp('newer');
  await installation.request('DELETE', '/backups/newer');
  await expect.poll(() => statusOf('newer'), { timeout: 30_000 }).toBe(404);
  const second = await backUp('newer');
  expect(second.metadata.uid).not.toBe(first.metadata.uid);
  // The work folder goes when the record is there.
  await expect.poll(async () => (await filesOf('newer')).filter(isWorkKey)).toEqual([]);
  const files = await filesOf('newer');

  // What an attempt does whose worker died before it could report.
  expect(await deletionOf('newer', first.metadata.uid)).toEqual({ objects: 0 });
  expect(await filesOf('newer')).toEqual(files);
  expect((await installation.look('backups', 'newer'))?.status.phase).toBe('Completed');
});

test('a backup that Velero made has no claim, and is deleted by the uid of its record', async () => {
  const { metadata } = await backUp('theirs');
  const store = installation.store();
  await store.remove(['backups/theirs/holdfast.json']);
  store.close();
  const files = await filesOf('theirs');
  expect(await deletionOf('theirs', 'another')).toEqual({ objects: 0 });
  expect(await filesOf('theirs')).toEqual(files);
  expect(await deletionOf('theirs', metadata.uid)).toEqual({ objects: files.length });
  expect(await filesOf('theirs')).toEqual([]);
});

test('the claim of a restore goes with its deletion, and a later restore is left alone', async () => {
  await backUp('source');
  const spec = { backupName: 'source', namespaceMapping: { [NAMESPACE]: copy } };
  await installation.createRestore('r', spec);
  const first = await installation.ended('restores', 'r');
  await installation.request('DELETE', '/restores/r');
  await expect.poll(() => statusOf('r', 'restores'), { timeout: 30_000 }).toBe(404);
  expect(await filesOf('r', 'restores')).toEqual([]);
  await installation.createRestore('r', spec);
  const second = await installation.ended('restores', 'r');
  expect(await deletionOf('r', first.metadata.uid, 'Restore')).toEqual({ objects: 0 });
  expect((await installation.look('restores', 'r'))?.metadata.uid).toBe(second.metadata.uid);
});

test('a request whose check takes longer than the API waits is answered with 202', async () => {
  const release = proxy.hold('slow/holdfast.json');
  const began = Date.now();
  const { status, headers, body } = await installation.createBackup('slow', [NAMESPACE]);
  expect(Date.now() - began).toBeGreaterThan(4500);
  expect({ status, phase: body.status.phase }).toEqual({ status: 202, phase: 'New' });
  expect(headers.get('location')).toBe('/api/v1/backups/slow?location=default');
  release();
  expect((await installation.ended('backups', 'slow')).status.phase).toBe('Completed');
});

test('a worker without rights in the cluster is told by the request itself', async () => {
  await kubectl('create', 'serviceaccount', copy, '--namespace', NAMESPACE);
  const token = await kubectl('create', 'token', copy, '--namespace', NAMESPACE);
  await withKubeconfig({ user: { token: token.trim() } }, async (kubeconfig) => {
    await withInstallation({ kubeconfig }, async (stranger) => {
      const { status, body } = await stranger.createBackup('b', [NAMESPACE]);
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'cluster-forbidden' });
      const run = await stranger.ended('backups', 'b');
      expect(run.status).toMatchObject({ phase: 'Failed', failure: { code: 'cluster-forbidden' } });
      expect(await keysUnder(stranger.store(), '')).toEqual([]);
    });
  });
  await kubectl('delete', 'serviceaccount', copy, '--namespace', NAMESPACE);
});

test('an API server that is not reachable is told by the request itself, and leaves nothing', async () => {
  const server = `https://127.0.0.1:${String(await freePort())}`;
  await withKubeconfig({ server }, async (kubeconfig) => {
    await withInstallation({ kubeconfig, patience: '2s' }, async (lost) => {
      const { status, body } = await lost.createBackup('b', [NAMESPACE]);
      expect({ status, code: body.code }).toEqual({ status: 503, code: 'cluster-unreachable' });
      expect(await keysUnder(lost.store(), '')).toEqual([]);
      const run = await lost.ended('backups', 'b');
      expect(run.status).toMatchObject({
        phase: 'Failed',
        failure: { code: 'cluster-unreachable' },
      });
    });
  });
});

test('a run under way tells step, progress, rate and what it waits for, and can be waited for', async () => {
  const release = proxy.hold('held.tar.gz');
  await installation.createBackup('held', [NAMESPACE]);
  // The rate comes with a heartbeat, some seconds after the begin.
  const rate = async () =>
    (await installation.look('backups', 'held'))?.status.progress.itemsPerSecond;
  await expect.poll(rate).toBeGreaterThan(0);
  const { headers, body } = await waitFor('held', 0);
  expect(headers.get('retry-after')).toBe('1');
  expect(body.status).toMatchObject({
    phase: 'InProgress',
    step: 'export',
    waitingFor: { reason: 'the step writeSmallBackup is under way' },
  });
  expect(body.status.progress.itemsDone).toBeGreaterThan(0);
  expect(body.status.progress.itemsTotal).toBeGreaterThan(0);
  expect(await namesOf('InProgress')).toEqual(['held']);
  expect(await namesOf('Completed')).not.toContain('held');

  const began = Date.now();
  expect((await waitFor('held', 1)).body.status.phase).toBe('InProgress');
  expect(Date.now() - began).toBeGreaterThan(900);
  const waiting = waitFor('held', 30);
  const releasedMs = Date.now();
  release();
  const ended = await waiting;
  expect(ended.body.status.phase).toBe('Completed');
  expect(ended.headers.get('retry-after')).toBeNull();
  expect(Date.now() - releasedMs).toBeLessThan(20_000);
});

test('a wait for a run leaves no call behind when its time is over or its client goes', async () => {
  const release = proxy.hold('left.tar.gz');
  await installation.createBackup('left', [NAMESPACE]);
  const line = openTemporal({ address: installation.temporalAddress });
  const temporal = new TemporalRuns(line, 'default');
  const id = backupWorkflowId({ location: 'default', name: 'left' });
  const began = Date.now();
  await temporal.closed(id, { waitMs: 500, signal: new AbortController().signal });
  expect(Date.now() - began).toBeLessThan(1500);
  await temporal.closed(id, { waitMs: 30_000, signal: AbortSignal.timeout(500) });
  expect(Date.now() - began).toBeLessThan(3000);
  expect((await installation.look('backups', 'left'))?.status.phase).toBe('InProgress');
  await temporal.close();
  release();
  await installation.ended('backups', 'left');
});

test('a cancel that comes after the commit began is refused, and the backup completes', async () => {
  const release = proxy.hold('final/velero-backup.json');
  await installation.createBackup('final', [NAMESPACE]);
  const phase = async () => (await installation.look('backups', 'final'))?.status.phase;
  await expect.poll(phase).toBe('Finalizing');
  const { status, body } = await installation.request<Problem>('POST', '/backups/final:cancel');
  expect({ status, code: body.code }).toEqual({ status: 409, code: 'already-finished' });
  expect(body.detail).toContain('is writing its record');
  release();
  expect((await installation.ended('backups', 'final')).status.phase).toBe('Completed');
});

test('a run that was refused is shown until it is deleted', async () => {
  expect((await installation.createBackup('refused', ['no-such-namespace'])).status).toBe(422);
  const shown = await installation.look('backups', 'refused');
  expect(shown?.status).toMatchObject({
    phase: 'FailedValidation',
    failure: { code: 'namespace-not-found' },
  });
  expect((await installation.request('DELETE', '/backups/refused')).status).toBe(202);
  await expect.poll(() => statusOf('refused'), { timeout: 30_000 }).toBe(404);
});
