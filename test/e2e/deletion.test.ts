import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Problem } from '../../domain/api-resource.ts';
import type { ReconciliationResource } from '../../domain/reconciliation.ts';
import { deleteWorkflowId } from '../../domain/workflow-id.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { keysUnder } from '../support/archive-items.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';
import { isWorkKey } from '../support/work-keys.ts';

// Goal: a deletion that is cut off anywhere is found and ended, and takes nothing else; one of a backup that a restore
// reads takes nothing. Method: a proxy in front of the S3 server holds one request and breaks it when the worker is dead; the workflow
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
  {
    ...{ step: 'the tombstone', method: 'PUT', finds: undefined },
    at: () => (path: string) => path.includes(TOMBSTONES),
  },
  {
    ...{ step: 'the note in the claim', method: 'PUT', finds: 'UnfinishedDeletion' },
    at: (name: string) => (path: string) => path.endsWith(`/${name}/holdfast.json`),
  },
  {
    ...{ step: 'the removal of the record', method: 'POST', finds: 'UnfinishedDeletion' },
    at: () => removal(1),
  },
  {
    ...{ step: 'the removal of the claim', method: 'POST', finds: 'UnfinishedDeletion' },
    at: () => removal(3),
  },
  {
    ...{ step: 'the removal of the tombstone', method: 'POST', finds: 'LeftTombstone' },
    at: () => removal(4),
  },
])(
  'a deletion that dies at $step is found, and ended by a reconciliation',
  async ({ step, method, finds, at }) => {
    const name = step.replaceAll(' ', '-');
    await Promise.all([backUp(name), keep()]);
    await cutOff(name, hold(at(name), method));
    const before = await everything();
    const found = finds === undefined ? [] : [{ kind: finds, run: { kind: 'Backup', name } }];
    expect(await reconcile('None')).toMatchObject(found);
    expect(await everything()).toEqual(before);

    expect(await reconcile('All')).toMatchObject(
      found.map((orphan) => ({ ...orphan, outcome: 'Removed' })),
    );
    if (finds === undefined) {
      // Nothing has begun, so that nothing went.
      expect(await everything()).toEqual(before);
      expect((await installation.request('DELETE', `/backups/${name}`)).status).toBe(202);
      await expect.poll(() => status(name)).toBe(404);
    }
    expect(await reconcile('None')).toEqual([]);
    expect(await everything()).toEqual(before.filter((key) => isOf('kept', key)));
  },
);

test('a deletion that was cut off is ended by the same request', async () => {
  await backUp('again');
  await cutOff('again', hold(removal(2), 'POST'));
  const args = ['reconcile', '--server', installation.apiUrl];
  const command = startHoldfast(args);
  expect({ status: await command.status, stderr: command.stderr }).toEqual({
    ...{ status: 0, stderr: '' },
  });
  expect(command.stdout).toMatch(
    /^UnfinishedDeletion +metadata\/holdfast\/tombstones\/again\.json .*the deletion goes on to its end$/m,
  );
  expect(command.stdout).toContain('location default: 1 found\n');
  expect((await installation.request('DELETE', '/backups/again')).status).toBe(202);
  await expect.poll(() => status('again')).toBe(404);
  expect((await everything()).filter((key) => !isOf('kept', key))).toEqual([]);
});

/** Every key of backups and tombstones. */
async function everything(): Promise<string[]> {
  return [...(await keysUnder(store, 'backups/')), ...(await tombstones())];
}

function isOf(name: string, key: string): boolean {
  return key.startsWith(`backups/${name}/`);
}

/** Makes the backup that stays, once. */
async function keep(): Promise<void> {
  if ((await status('kept')) === 404) {
    await backUp('kept');
  }
}

/** What a reconciliation finds, and perhaps removes. */
async function reconcile(removal: 'None' | 'All') {
  await installation.request('POST', '/reconciliations', { spec: { removal } });
  const path = '/reconciliations/default';
  const look = () => installation.request<ReconciliationResource>('GET', path);
  await expect.poll(async () => (await look()).body.status.phase).toBe('Completed');
  const { body } = await look();
  expect(body.spec.removal).toBe(removal);
  return body.status.orphans;
}

/** Asks for a deletion, and kills it where it is held; the worker is started anew. */
async function cutOff(name: string, release: () => void): Promise<void> {
  const before = proxy.hits;
  expect((await installation.request('DELETE', `/backups/${name}`)).status).toBe(202);
  await expect.poll(() => proxy.hits).toBe(before + 1);
  await installation.kill('worker');
  await client.workflow
    .getHandle(deleteWorkflowId('Backup', { location: 'default', name }))
    .terminate();
  release();
  const left = [...(await keysUnder(store, `backups/${name}/`)), ...(await tombstones())];
  expect(left).not.toEqual([]);
  await installation.startPart('worker');
}

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
  const refused = await installation.request<Problem>('DELETE', '/backups/read');
  expect(refused).toMatchObject({ status: 409, body: { code: 'still-running' } });
  expect(refused.body.detail).toContain('restore reader reads the backup');
  expect(await keysUnder(store, 'backups/read/')).toEqual(before);
  expect(await tombstones()).toEqual([]);
  release();
  expect((await installation.ended('restores', 'reader')).status.phase).toBe('Completed');
  expect((await installation.request('DELETE', '/backups/read')).status).toBe(202);
  await expect.poll(() => status('read')).toBe(404);
});
