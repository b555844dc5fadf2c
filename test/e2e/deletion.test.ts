import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { deleteWorkflowId } from '../../domain/workflow-id.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { keysUnder } from '../support/archive-items.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';
import { isWorkKey } from '../support/work-keys.ts';

// Goal: a deletion that is cut off anywhere is ended by the same request, and one of a backup that a restore reads takes
// nothing. Method: a proxy in front of the S3 server holds one request and breaks it when the worker is dead; the workflow
// is terminated as well, so that nothing but the next request goes on with it.

const TOMBSTONES = 'metadata/holdfast/tombstones/';
let proxy: FaultProxy;
let installation: Installation;
let connection: Connection;
let client: Client;
let store: ObjectStore;
let namespace: string;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  [installation, namespace] = await Promise.all([
    Installation.start({ s3Endpoint: proxy.url }),
    freshNamespace('deleted'),
  ]);
  connection = await Connection.connect({ address: installation.temporalAddress });
  client = new Client({ connection });
  store = installation.store();
});

beforeEach(() => {
  proxy.faults = [];
  proxy.hits = 0;
});

afterAll(async () => {
  store.close();
  await connection.close();
  await installation.stop();
  proxy.stop();
  await deleteNamespace(namespace);
  await deleteNamespace(`${namespace}-copy`);
});

async function backUp(name: string): Promise<void> {
  await installation.createBackup(name, [namespace]);
  expect((await installation.ended('backups', name)).status.phase).toBe('Completed');
  // The work folder goes when the record is there.
  await expect
    .poll(async () => (await keysUnder(store, `backups/${name}/`)).filter(isWorkKey))
    .toEqual([]);
}

/** A request of some kind that is held, and does not arrive; and how to let go of it. */
function hold(matches: (path: string) => boolean, method: string): () => void {
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  proxy.faults = [{ method, matches, effect: 'refuse', until }];
  return () => {
    proxy.faults = [];
    release();
  };
}

function status(name: string): Promise<number> {
  return installation.request('GET', `/backups/${name}`).then((answer) => answer.status);
}

/** Removals name their objects in the body, and the bucket in the path. */
function removal(which: number): (path: string) => boolean {
  let seen = 0;
  return (path) => path.split('/').filter(Boolean).length === 1 && ++seen === which;
}

test.each([
  { step: 'the tombstone', method: 'PUT', at: () => (path: string) => path.includes(TOMBSTONES) },
  {
    ...{ step: 'the note in the claim', method: 'PUT' },
    at: (name: string) => (path: string) => path.endsWith(`/${name}/holdfast.json`),
  },
  { step: 'the removal of the record', method: 'POST', at: () => removal(1) },
  { step: 'the removal of the claim', method: 'POST', at: () => removal(3) },
  { step: 'the removal of the tombstone', method: 'POST', at: () => removal(4) },
])('a deletion that dies at $step is ended by the same request', async ({ step, method, at }) => {
  const name = step.replaceAll(' ', '-');
  await backUp(name);
  const release = hold(at(name), method);
  expect((await installation.request('DELETE', `/backups/${name}`)).status).toBe(202);
  await expect.poll(() => proxy.hits).toBe(1);
  await installation.kill('worker');
  await client.workflow
    .getHandle(deleteWorkflowId('Backup', { location: 'default', name }))
    .terminate();
  release();
  const left = [...(await keysUnder(store, `backups/${name}/`)), ...(await tombstones())];
  expect(left).not.toEqual([]);
  await installation.startPart('worker');
  expect((await installation.request('DELETE', `/backups/${name}`)).status).toBe(202);
  await expect.poll(() => status(name)).toBe(404);
  expect([...(await keysUnder(store, `backups/${name}/`)), ...(await tombstones())]).toEqual([]);
});

function tombstones(): Promise<string[]> {
  return keysUnder(store, TOMBSTONES);
}

test('a backup that a restore reads is not deleted before the restore has ended', async () => {
  await backUp('read');
  const before = await keysUnder(store, 'backups/read/');
  const release = hold((path) => path.endsWith('-items.json.gz'), 'PUT');
  const namespaceMapping = { [namespace]: `${namespace}-copy` };
  await installation.createRestore('reader', { backupName: 'read', namespaceMapping });
  await expect.poll(() => proxy.hits).toBeGreaterThan(0);
  expect((await installation.request('DELETE', '/backups/read')).status).toBe(202);
  const deletion = client.workflow.getHandle('delete/default/read');
  await expect(deletion.result()).rejects.toMatchObject({
    cause: {
      cause: { message: expect.stringContaining('restore reader reads the backup') as string },
    },
  });
  expect(await keysUnder(store, 'backups/read/')).toEqual(before);
  expect(await tombstones()).toEqual([]);
  release();
  expect((await installation.ended('restores', 'reader')).status.phase).toBe('Completed');
  expect((await installation.request('DELETE', '/backups/read')).status).toBe(202);
  await expect.poll(() => status('read')).toBe(404);
});
