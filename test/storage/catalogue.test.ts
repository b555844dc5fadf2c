import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { backupKeys, restoreKeys } from '../../domain/object-key.ts';
import { listBackups, listRestores } from '../../storage/catalogue.ts';
import { createFolderStore } from '../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { createS3Store } from '../../storage/object-store/s3.ts';
import { keysUnder } from '../support/archive-items.ts';

async function openFolder(): Promise<ObjectStore> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-catalogue-'));
  return createFolderStore({ name: 'default', provider: 'folder', path });
}

/** A folder that lists as a large bucket does: in the order of keys, in more than one page. */
async function openPagedFolder(): Promise<ObjectStore> {
  const store = await openFolder();
  const listWhole = store.listFolders.bind(store);
  store.listFolders = async function* (prefix, after) {
    for await (const names of listWhole(prefix, after)) {
      yield* names.map((name) => [name]);
    }
  };
  return store;
}

function openBucket(): Promise<ObjectStore> {
  const store = createS3Store({
    name: 'default',
    provider: 's3',
    bucket: process.env['S3_BUCKET'] ?? 'holdfast',
    prefix: `catalogue/${randomBytes(4).toString('hex')}`,
    region: 'us-east-1',
    isPathStyle: true,
    endpoint: process.env['S3_ENDPOINT'] ?? '',
  });
  return Promise.resolve(store);
}

function record(name: string, changes: Record<string, unknown> = {}): Buffer {
  const value = {
    kind: 'Backup',
    apiVersion: 'velero.io/v1',
    metadata: { name, namespace: 'velero' },
    spec: {},
    status: { version: 1, formatVersion: '1.1.0', phase: 'Completed' },
    ...changes,
  };
  return Buffer.from(JSON.stringify(value));
}

async function allNames(store: ObjectStore, limit: number): Promise<string[]> {
  const names: string[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: Awaited<ReturnType<typeof listBackups>> = await listBackups(store, {
      after,
      limit,
    });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    names.push(...page.items.map(({ name }) => name));
    after = page.next;
  }
  return names;
}

describe.each([
  ['a folder', openFolder],
  ['a folder that lists in pages', openPagedFolder],
  ['a bucket', openBucket],
])('the catalogue of %s', (_, open) => {
  const stores: ObjectStore[] = [];

  async function openNew(): Promise<ObjectStore> {
    const store = await open();
    stores.push(store);
    return store;
  }

  afterAll(async () => {
    for (const store of stores) {
      await store.remove(await keysUnder(store, ''));
      store.close();
    }
  });

  test.each([1, 2, 3, 10])('names each backup once, in order, in pages of %d', async (limit) => {
    const store = await openNew();
    const names = ['daily', 'nightly', 'nightly-20260101000000', 'nightly.x', 'nightly0'];
    for (const name of names) {
      await store.put(backupKeys(name).record, record(name));
    }
    expect(await allNames(store, limit)).toEqual(names);
  });

  test('lists a folder that cannot be read with its problem, and hides no other', async () => {
    const store = await openNew();
    await store.put(backupKeys('good').record, record('good'));
    const broken = {
      'cut-off': record('cut-off').subarray(0, 40),
      empty: Buffer.alloc(0),
      'other-name': record('else'),
      'no-metadata': record('no-metadata', { metadata: null }),
      'no-spec': record('no-spec', { spec: undefined }),
      'strange-phase': record('strange-phase', { status: { phase: 'Sleeping' } }),
    };
    for (const [name, bytes] of Object.entries(broken)) {
      await store.put(backupKeys(name).record, bytes);
    }
    await store.put(backupKeys('newer').claim, Buffer.from('{"version":99,"runUid":"u"}'));
    await store.put(restoreKeys('r').claim, Buffer.from('{"version":99,"runUid":"u"}'));

    const { items } = await listBackups(store, { limit: 50 });
    const problems = items.map(({ name, problem }) => [name, problem?.code, problem?.subject]);
    const expected = Object.keys(broken).map((name) => [
      name,
      'unsupported-format',
      backupKeys(name).record,
    ]);
    expected.push(['newer', 'unsupported-format', backupKeys('newer').claim]);
    expect(problems).toEqual([...expected, ['good', undefined, undefined]].sort(byName));
    expect((await listRestores(store, { limit: 50 })).items).toMatchObject([
      { name: 'r', problem: { code: 'unsupported-format', subject: restoreKeys('r').claim } },
    ]);
  });

  test('shows no backup while Velero is at it, and none where there is no record', async () => {
    const store = await openNew();
    const status = { phase: 'InProgress' };
    await store.put(backupKeys('under-way').record, record('under-way', { status }));
    await store.put('backups/stray/file', Buffer.from('x'));
    expect((await listBackups(store, { limit: 50 })).items).toEqual([]);
  });
});

function byName([left = '']: (string | undefined)[], [right = '']: (string | undefined)[]): number {
  return left < right ? -1 : 1;
}
