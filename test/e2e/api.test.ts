import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { RunResource } from '../../domain/api-resource.ts';
import { deleteWorkflowId, WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import { DELETE_WORKFLOW, type DeleteInput, type DeleteResult } from '../../workflows/contract.ts';
import { keysUnder } from '../support/archive-items.ts';
import { type Fault, FaultProxy } from '../support/fault-proxy.ts';
import { freePort, Installation, type InstallationOptions } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

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
  await deleteNamespace(copy);
});

/** Every request to remove objects takes its time: they go to the bucket itself. */
function slowRemoval(delayMs: number): Fault {
  return {
    method: 'POST',
    matches: (path) => path.split('/').filter((part) => part !== '').length === 1,
    effect: 'delay',
    delayMs,
  };
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
  proxy.faults = [slowRemoval(1500)];
  expect((await installation.request('DELETE', '/backups/again')).status).toBe(202);
  await expect.poll(() => proxy.hits).toBeGreaterThan(0);
  expect((await installation.look('backups', 'again'))?.status.phase).toBe('Deleting');
  const { status, body } = await installation.createBackup('again', [NAMESPACE]);
  expect({ status, code: body.code }).toEqual({ status: 409, code: 'being-deleted' });
  expect(body.detail).toContain('is under way');
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
  proxy.faults = [
    {
      method: 'PUT',
      matches: (path) => path.endsWith('/slow/holdfast.json'),
      effect: 'delay',
      delayMs: 7000,
    },
  ];
  const began = Date.now();
  const { status, headers, body } = await installation.createBackup('slow', [NAMESPACE]);
  expect(Date.now() - began).toBeGreaterThan(4500);
  expect({ status, phase: body.status.phase }).toEqual({ status: 202, phase: 'New' });
  expect(headers.get('location')).toBe('/api/v1/backups/slow?location=default');
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
