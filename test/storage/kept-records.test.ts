import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { backupFolder, BACKUPS_PREFIX } from '../../domain/object-key.ts';
import { type CatalogueBackup, listBackups } from '../../storage/catalogue.ts';
import { changeClaim } from '../../storage/change-claim.ts';
import { endedBackups } from '../../storage/ended-backups.ts';
import { KEPT_BYTES_MAX, keepRecords } from '../../storage/kept-records.ts';
import { createFolderStore } from '../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { createS3Store } from '../../storage/object-store/s3.ts';
import { keysUnder } from '../support/archive-items.ts';
import { countReads } from '../support/counting-store.ts';
import { storeBackupOf } from '../support/stored-backup.ts';

// Goal: copies of records save requests and hide nothing. Method: what a listing shows is compared with what another one
// without copies shows, after changes through a store that the copies know nothing of; requests are counted.

async function openFolder(): Promise<ObjectStore> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-kept-records-'));
  return createFolderStore({ name: 'default', provider: 'folder', path });
}

function openBucket(): Promise<ObjectStore> {
  const store = createS3Store({
    name: 'default',
    provider: 's3',
    bucket: process.env['S3_BUCKET'] ?? 'holdfast',
    prefix: `kept-records/${randomBytes(4).toString('hex')}`,
    region: 'us-east-1',
    isPathStyle: true,
    endpoint: process.env['S3_ENDPOINT'] ?? '',
  });
  return Promise.resolve(store);
}

const NAMES = ['a', 'a-1', 'a-1.b', 'a0', 'nightly-20260101000000', 'z'];

async function listed(store: ObjectStore): Promise<readonly CatalogueBackup[]> {
  return (await listBackups(store, { limit: 50 })).items;
}

describe.each([
  ['a folder', openFolder],
  ['a bucket', openBucket],
])('copies of the records of %s', (_, open) => {
  let direct: ObjectStore;

  /** A store with a copy of each record, and what it is asked from here on. */
  async function openWithCopies() {
    direct = await open();
    for (const name of NAMES) {
      await storeBackupOf(direct, name, {});
    }
    const counted = countReads(direct);
    const store = keepRecords(() => counted.store, KEPT_BYTES_MAX)('default');
    expect(await listed(store)).toEqual(await listed(direct));
    expect(counted.listings).toEqual([]);
    counted.reads.length = 0;
    return { ...counted, store };
  }

  afterEach(async () => {
    await direct.remove(await keysUnder(direct, ''));
    direct.close();
  });

  test('stand for two reads of each backup, by one listing of them all', async () => {
    const { store, reads, listings } = await openWithCopies();
    const items = await listed(store);
    expect(items.map(({ name }) => name)).toEqual(NAMES);
    expect(items).toEqual(await listed(direct));
    expect(reads).toEqual([]);
    expect(listings).toEqual([BACKUPS_PREFIX]);
  });

  test('serve the search for backups that have had their time', async () => {
    const { store, reads } = await openWithCopies();
    const pages = await Array.fromAsync(endedBackups(store));
    expect(pages.flat().map(({ name }) => name)).toEqual(NAMES);
    expect(reads).toEqual([]);
  });

  test('do not hide what others write, remove and make anew', async () => {
    const { store, reads } = await openWithCopies();
    const hold = { reason: 'audit', since: '2026-01-02T00:00:00Z' };
    await changeClaim(direct, { name: 'a-1', runUid: 'uid-a-1' }, (claim) => ({ ...claim, hold }));
    await direct.remove(await keysUnder(direct, backupFolder('a0')));
    await direct.remove(await keysUnder(direct, backupFolder('z')));
    await storeBackupOf(direct, 'z', { result: { phase: 'PartiallyFailed', errors: 1 } });
    await storeBackupOf(direct, 'new', {});

    const items = await listed(store);
    expect(items).toEqual(await listed(direct));
    expect(items.map(({ name }) => name)).toEqual(
      [...NAMES.filter((name) => name !== 'a0' && name !== 'z'), ...['new', 'z']].sort(),
    );
    expect(items.find(({ name }) => name === 'a-1')?.claim?.hold).toEqual(hold);
    expect(items.find(({ name }) => name === 'z')?.record?.status.phase).toBe('PartiallyFailed');
    expect(reads.filter((key) => /\/(a|a-1\.b|nightly[^/]*)\//.test(key))).toEqual([]);
  });
});

test('copies that were used longest ago go when there is no room for more', async () => {
  const direct = await openFolder();
  const { store: counted, reads } = countReads(direct);
  const store = keepRecords(() => counted, 3000)('default');
  const read = async (key: string): Promise<void> => {
    const listed = async (): Promise<string | undefined> => (await direct.head(key))?.version;
    const bytes = await readAll(store, key, { listed });
    expect(bytes.equals(await readAll(direct, key))).toBe(true);
  };
  for (const key of ['1', '2', '3']) {
    await direct.put(key, randomBytes(1000));
  }
  for (const key of ['1', '2', '1', '3', '3', '1', '2']) {
    await read(key);
  }
  expect(reads).toEqual(['1', '2', '3', '2']);
});
