import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { beginDeletion } from '../../activities/begin-deletion.ts';
import { deleteRun } from '../../activities/delete-run.ts';
import type { BeginDeletionInput } from '../../activities/contract.ts';
import type { OwnDependencies } from '../../activities/dependencies.ts';
import { backupKeys, restoreKeys, tombstoneKey } from '../../domain/object-key.ts';
import { bytesOf } from '../../storage/claim.ts';
import { readBackup } from '../../storage/catalogue.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import type { StoredRestore } from '../../domain/stored-run.ts';
import type { LeaseHolder } from '../../domain/volumes/lease-table.ts';
import { changeClaim } from '../../storage/change-claim.ts';
import { createFolderStore } from '../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { readTombstone, writeTombstone } from '../../storage/tombstones.ts';
import { inActivity } from '../support/activity-context.ts';
import { lockedStore } from '../support/locked-store.ts';
import { racedStore } from '../support/raced-store.ts';
import { SOURCE_CLUSTER, storeBackupOf } from '../support/stored-backup.ts';

// Goal: nothing of a backup goes that somebody holds or reads, however late that comes, and all of another one. Method: the
// activities of a deletion on backups in a folder.

const RUN = { location: 'default', name: 'b', runUid: 'uid-b' };
const HOLD = { reason: 'audit', since: '2026-01-01T00:00:00Z' };
const RESTORE: RestoreSpec = {
  ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
  ...{ excludedNamespaces: [], namespaceMapping: {} },
};
let folder: string;
let store: ObjectStore;
let deps: OwnDependencies;
let isReadOnly: boolean;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-deletion-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  deps = depsOf(store);
  isReadOnly = false;
});

/** A worker whose Temporal has the given runs of restores open. */
function depsOf(of: ObjectStore, ...open: readonly string[]): OwnDependencies {
  const isClosed = ({ runId }: LeaseHolder) => Promise.resolve(!open.includes(runId));
  const deps = {
    ...{ store: () => of, installation: 'test', leases: { isClosed } },
    location: () => ({ name: 'default', readOnly: isReadOnly }),
  };
  // The cast: only what the activities use of a worker's clients is there.
  return deps as unknown as OwnDependencies;
}

function begin(input: Partial<BeginDeletionInput> = {}, of = deps): Promise<void> {
  return inActivity(() => beginDeletion(of, { ...RUN, ...input }));
}

/** Stores the claim of a restore of the backup. */
async function restoring(name: string, more: Partial<StoredRestore> = {}): Promise<void> {
  const claim: StoredRestore = {
    ...{ version: 1, kind: 'Restore', name, runUid: `uid-${name}`, specDigest: name },
    ...{ installation: 'test', startTimestamp: '2026-01-01T00:00:00Z', cluster: SOURCE_CLUSTER },
    spec: RESTORE,
    ...more,
  };
  await store.put(restoreKeys(name).claim, bytesOf(claim));
}

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

async function files(): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list('')) {
    keys.push(...page.map(({ key }) => key));
  }
  return keys.sort();
}

function hold(): Promise<unknown> {
  return changeClaim(store, RUN, (claim) => ({ ...claim, hold: HOLD }));
}

function remove() {
  return inActivity(() => deleteRun(deps, { ...RUN, kind: 'Backup' }));
}

test('nothing is deleted in a read-only location', async () => {
  await storeBackupOf(store, 'b', {});
  const before = await files();
  isReadOnly = true;
  await expect(begin()).rejects.toMatchObject({ code: 'location-read-only' });
  await expect(remove()).rejects.toMatchObject({ code: 'location-read-only' });
  expect(await files()).toEqual(before);
});

test('nothing of a backup goes while its bucket keeps it, and the failure says until when', async () => {
  await storeBackupOf(store, 'b', {});
  const before = await files();
  const lockedUntil = '9998-01-01T00:00:00Z';
  const locking = lockedStore(store, { key: backupKeys('b').record, lockedUntil });
  await expect(begin({}, depsOf(locking))).rejects.toMatchObject({
    code: 'object-locked',
    message: expect.stringContaining(lockedUntil) as string,
  });
  expect(await files()).toEqual(before);
  const over = lockedStore(store, {
    key: backupKeys('b').record,
    lockedUntil: '2026-01-01T00:00:00Z',
  });
  await begin({}, depsOf(over));
  expect(await readTombstone(store, 'b')).toBeDefined();
});

test('a backup goes with all that its folder has, after the deletion was noted', async () => {
  await storeBackupOf(store, 'b', {});
  await storeBackupOf(store, 'other', {});
  await begin();
  const { claim } = (await readBackup(store, 'b')) ?? {};
  await begin();
  expect((await readBackup(store, 'b'))?.claim).toEqual(claim);
  expect(claim?.deletion).toBeDefined();
  await remove();
  expect((await files()).filter((key) => !key.startsWith('backups/other/'))).toEqual([]);
  await begin();
  expect(await remove()).toEqual({ objects: 0 });
});

test('a backup that is held stays whole, whichever step meets the hold first', async () => {
  await storeBackupOf(store, 'b', {});
  await hold();
  const before = await files();
  const held = { code: 'held', message: expect.stringContaining('(audit)') as string };
  await expect(begin()).rejects.toMatchObject(held);
  await expect(remove()).rejects.toMatchObject(held);
  expect(await files()).toEqual(before);
});

test('a restore that reads the backup keeps it, and one that has ended or died does not', async () => {
  await storeBackupOf(store, 'b', {});
  await restoring('reading');
  await restoring('dead');
  await restoring('of-another', { spec: { ...RESTORE, backupName: 'other' } });
  const before = await files();
  const open = ['uid-reading', 'uid-of-another'];
  await expect(begin({}, depsOf(store, ...open))).rejects.toMatchObject({
    ...{ code: 'still-running', subject: 'b' },
    message: 'the restore reading reads the backup b; wait for its end, or cancel it',
  });
  expect(await files()).toEqual(before);
  expect((await readBackup(store, 'b'))?.claim).not.toHaveProperty('deletion');
  await begin({}, depsOf(store, 'uid-of-another'));
  expect(await files()).toEqual([...before, tombstoneKey('b')].sort());
});

test('a restore of another Holdfast keeps the backup, since nobody here knows of it', async () => {
  await storeBackupOf(store, 'b', {});
  await restoring('theirs', { installation: 'another' });
  await expect(begin()).rejects.toMatchObject({
    code: 'still-running',
    message: expect.stringContaining('restores/theirs/holdfast.json') as string,
  });
});

test('a restore that claims its name after the tombstone was written is seen', async () => {
  await storeBackupOf(store, 'b', {});
  const write = () => restoring('late');
  const busy = racedStore(store, { key: tombstoneKey('b'), times: 1, write });
  await expect(begin({}, depsOf(busy, 'uid-late'))).rejects.toMatchObject({
    code: 'still-running',
  });
  expect(await readTombstone(store, 'b')).toBeUndefined();
});

test('a deletion goes on from its own tombstone, and replaces that of an earlier backup', async () => {
  await storeBackupOf(store, 'b', {});
  const since = '2026-01-01T00:00:00Z';
  await writeTombstone(store, { name: 'b', runUid: 'earlier' }, since);
  await begin();
  expect(await readTombstone(store, 'b')).toMatchObject({ runUid: 'uid-b' });
  // A restore that was refused leaves its claim for a moment.
  await restoring('refused');
  await begin({}, depsOf(store, 'uid-refused'));
  await remove();
  expect((await files()).filter((key) => !key.startsWith('restores/'))).toEqual([]);
});

test('an attempt that finds nothing but the tombstone removes it', async () => {
  await storeBackupOf(store, 'b', {});
  await begin();
  for await (const page of store.list('backups/')) {
    await store.remove(page.map(({ key }) => key));
  }
  expect(await files()).toEqual([tombstoneKey('b')]);
  await begin();
  await remove();
  expect(await files()).toEqual([]);
});

test('a hold that comes while the deletion is noted is met', async () => {
  await storeBackupOf(store, 'b', {});
  const busy = racedStore(store, { key: backupKeys('b').claim, times: 1, write: hold });
  await expect(begin({}, depsOf(busy))).rejects.toMatchObject({ code: 'held' });
  expect((await readBackup(store, 'b'))?.claim).not.toHaveProperty('deletion');
});

test('one that was extended after it was found to be over stays, unless somebody asks', async () => {
  await storeBackupOf(store, 'b', { spec: { ttl: '24h' } });
  const extension = { expiration: '9998-01-01T00:00:00Z', since: HOLD.since };
  await changeClaim(store, RUN, (claim) => ({ ...claim, extension }));
  await expect(begin({ isExpiry: true })).rejects.toMatchObject({
    code: 'precondition-failed',
  });
  await begin();
});

test('a deletion leaves a later backup of the name alone, and one of Velero without a note', async () => {
  await storeBackupOf(store, 'b', {});
  await begin({ runUid: 'earlier' });
  expect((await readBackup(store, 'b'))?.claim).not.toHaveProperty('deletion');
  await store.remove([backupKeys('b').claim]);
  await begin();
  await remove();
  expect(await files()).toEqual([]);
});
