import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { SCHEDULE_DEFAULTS } from '../../domain/schedules/schedule.ts';
import { readInventory } from '../../storage/location-inventory.ts';
import { openObjectStore } from '../../storage/object-store/open.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { writeSchedule } from '../../storage/schedule-files.ts';
import { SOURCE_CLUSTER, storeBackupOf } from '../support/stored-backup.ts';
import { MADE_REPOSITORY } from '../support/volume-fixture.ts';

// Goal: who has nothing but a bucket learns whose backups it holds. Method: records in a folder.

let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-inventory-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

async function backup(name: string, cluster: string, day: string) {
  const startTimestamp = `2026-11-${day}T01:00:00Z`;
  await storeBackupOf(store, name, { spec: { cluster }, result: { startTimestamp } });
}

test('an empty location holds nothing', async () => {
  expect(await readInventory(store)).toEqual({ clusters: [], otherBackups: 0 });
});

test('backups, schedules and repositories are told by cluster, with the newest that can be restored', async () => {
  await backup('second', 'prod', '02');
  await backup('first', 'prod', '01');
  await storeBackupOf(store, 'broken', {
    spec: { cluster: 'prod' },
    result: { startTimestamp: '2026-11-03T01:00:00Z', phase: 'Failed' },
  });
  await backup('elsewhere', 'dev', '04');
  await store.put('backups/no-record/holdfast.json', Buffer.from('{}'));
  const template = { cluster: 'test', includedNamespaces: [], excludedNamespaces: [], ttl: '0s' };
  await writeSchedule(store, {
    ...{ version: 1, kind: 'Schedule', name: 'nightly', uid: 'uid', generation: 1 },
    creationTimestamp: '2026-11-01T00:00:00Z',
    spec: { ...SCHEDULE_DEFAULTS, schedule: '@daily', location: 'x', paused: false, template },
  });
  const key = await readFile(MADE_REPOSITORY);
  await store.put('restic/v1/source/shop/keys/one', key);
  await store.put('restic/v1/source/shop/config', key);
  await store.put('restic/v1/another/shop/keys/one', key);

  const holdings = await readInventory(store);
  const uids = [SOURCE_CLUSTER.uid];
  const samples = [{ clusterUid: 'source', namespace: 'shop', keyFiles: [key.toString('base64')] }];
  const common = { uids, schedules: [], repositories: 1, samples };
  expect(holdings.clusters).toEqual([
    {
      ...{ ...common, name: 'dev', backups: 1 },
      newest: { name: 'elsewhere', phase: 'Completed', startTimestamp: '2026-11-04T01:00:00Z' },
    },
    {
      ...{ ...common, name: 'prod', backups: 3 },
      newest: { name: 'second', phase: 'Completed', startTimestamp: '2026-11-02T01:00:00Z' },
    },
    {
      ...{ name: 'test', uids: [], backups: 0, schedules: ['nightly'] },
      ...{ repositories: 0, samples: [] },
    },
  ]);
  expect(holdings.otherBackups).toBe(1);
});

test('what is too large for a key of a repository, and more than a few of them, are not read', async () => {
  await backup('one', 'prod', '01');
  const folder = `restic/v1/${SOURCE_CLUSTER.uid}/shop/keys/`;
  await store.put(`${folder}0`, Buffer.alloc(16 * 1024 + 1));
  for (let index = 1; index <= 6; index++) {
    await store.put(`${folder}${String(index)}`, Buffer.from(String(index)));
  }
  const [prod] = (await readInventory(store)).clusters;
  const read = prod?.samples[0]?.keyFiles.map((file) => Buffer.from(file, 'base64').toString());
  expect(read).toEqual(['1', '2', '3', '4', '5']);
});
