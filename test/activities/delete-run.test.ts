import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { beginDeletion } from '../../activities/begin-deletion.ts';
import { deleteRun } from '../../activities/delete-run.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { changeClaim } from '../../storage/change-claim.ts';
import { createFolderStore } from '../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { inActivity } from '../support/activity-context.ts';
import { racedStore } from '../support/raced-store.ts';
import { storeBackupOf } from '../support/stored-backup.ts';

// Goal: nothing of a backup goes that somebody holds, however late the hold comes, and all of another one. Method: the
// activities of a deletion on backups in a folder.

const RUN = { location: 'default', name: 'b', runUid: 'uid-b' };
const HOLD = { reason: 'audit', since: '2026-01-01T00:00:00Z' };
let folder: string;
let store: ObjectStore;
let deps: Dependencies;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-deletion-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  // The cast: only what the activities use of a worker's clients is there.
  deps = { store: () => store } as unknown as Dependencies;
});

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

test('a backup goes with all that its folder has, after the deletion was noted', async () => {
  await storeBackupOf(store, 'b', {});
  await storeBackupOf(store, 'other', {});
  await beginDeletion(deps, RUN);
  const { claim } = (await readBackup(store, 'b')) ?? {};
  await beginDeletion(deps, RUN);
  expect((await readBackup(store, 'b'))?.claim).toEqual(claim);
  expect(claim?.deletion).toBeDefined();
  await remove();
  expect((await files()).filter((key) => !key.startsWith('backups/other/'))).toEqual([]);
  await beginDeletion(deps, RUN);
  expect(await remove()).toEqual({ objects: 0 });
});

test('a backup that is held stays whole, whichever step meets the hold first', async () => {
  await storeBackupOf(store, 'b', {});
  await hold();
  const before = await files();
  const held = { code: 'held', message: expect.stringContaining('(audit)') as string };
  await expect(beginDeletion(deps, RUN)).rejects.toMatchObject(held);
  await expect(remove()).rejects.toMatchObject(held);
  expect(await files()).toEqual(before);
});

test('a hold that comes while the deletion is noted is met', async () => {
  await storeBackupOf(store, 'b', {});
  const busy = racedStore(store, { key: backupKeys('b').claim, times: 1, write: hold });
  await expect(beginDeletion({ store: () => busy }, RUN)).rejects.toMatchObject({ code: 'held' });
  expect((await readBackup(store, 'b'))?.claim).not.toHaveProperty('deletion');
});

test('one that was extended after it was found to be over stays, unless somebody asks', async () => {
  await storeBackupOf(store, 'b', { spec: { ttl: '24h' } });
  const extension = { expiration: '9998-01-01T00:00:00Z', since: HOLD.since };
  await changeClaim(store, RUN, (claim) => ({ ...claim, extension }));
  await expect(beginDeletion(deps, { ...RUN, isExpiry: true })).rejects.toMatchObject({
    code: 'precondition-failed',
  });
  await beginDeletion(deps, RUN);
});

test('a deletion leaves a later backup of the name alone, and one of Velero without a note', async () => {
  await storeBackupOf(store, 'b', {});
  await beginDeletion(deps, { ...RUN, runUid: 'earlier' });
  expect((await readBackup(store, 'b'))?.claim).not.toHaveProperty('deletion');
  await store.remove([backupKeys('b').claim]);
  await beginDeletion(deps, RUN);
  await remove();
  expect(await files()).toEqual([]);
});
