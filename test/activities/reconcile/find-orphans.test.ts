import { mkdtemp, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import { findOrphans } from '../../../activities/reconcile/find-orphans.ts';
import {
  backupKeys,
  planKey,
  pluginCallKey,
  replacedFolder,
  restoreKeys,
} from '../../../domain/object-key.ts';
import type { FoundOrphans } from '../../../domain/orphan.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import type { StoredBackup, StoredRestore } from '../../../domain/stored-run.ts';
import type { LeaseHolder } from '../../../domain/volumes/lease-table.ts';
import { bytesOf } from '../../../storage/claim.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { readAll } from '../../../storage/object-store/read-all.ts';
import { writeTombstone } from '../../../storage/tombstones.ts';
import { keysUnder } from '../../support/archive-items.ts';
import { inActivity } from '../../support/activity-context.ts';
import { SOURCE_CLUSTER, storeBackupOf } from '../../support/stored-backup.ts';

// Goal: what a dead run has left is found, and nothing that somebody uses or that is not ours. Method: folders of every
// kind in one location, and a Temporal that knows the runs and deletions that are open; some end while they are looked at.

const SINCE = '2026-01-01T00:00:00Z';
const COMMON = {
  version: 1,
  specDigest: 'd',
  installation: 'test',
  startTimestamp: SINCE,
  cluster: SOURCE_CLUSTER,
} as const;
const RESTORE: RestoreSpec = {
  ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
  ...{ excludedNamespaces: [], namespaceMapping: {} },
};
let root: string;
let store: ObjectStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-orphans-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: root });
});

async function* noPods(): AsyncGenerator<[]> {
  yield await Promise.resolve([]);
}

/** What one look finds while Temporal has runs open, by uid, and deletions, by the name of the backup. */
async function find(
  open: readonly string[] = [],
  onLook: (holder: LeaseHolder) => Promise<unknown> = () => Promise.resolve(),
): Promise<FoundOrphans> {
  const before = await keysUnder(store, '');
  const isClosed = async (holder: LeaseHolder): Promise<boolean> => {
    await onLook(holder);
    const { workflowId, runId } = holder;
    return !open.includes(runId === '' ? workflowId : runId);
  };
  const deps = {
    ...{ store: () => store, installation: 'test', leases: { isClosed } },
    cluster: { listPages: noPods },
  };
  const found = await inActivity(() =>
    // The cast: only what the activity uses of a worker's clients is there.
    findOrphans(deps as never, { location: 'default', cluster: 'local' }),
  );
  if (onLook.length === 0) {
    expect(await keysUnder(store, '')).toEqual(before);
  }
  return found;
}

async function claimBackup(name: string, more: Partial<StoredBackup> = {}): Promise<void> {
  const spec = {
    ...{ cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '720h0m0s' },
  };
  const claim: StoredBackup = {
    ...COMMON,
    kind: 'Backup',
    name,
    runUid: `uid-${name}`,
    spec,
    ...more,
  };
  await store.put(backupKeys(name).claim, bytesOf(claim));
}

async function claimRestore(name: string, more: Partial<StoredRestore> = {}): Promise<void> {
  const claim: StoredRestore = {
    ...{ ...COMMON, kind: 'Restore', name, runUid: `uid-${name}`, spec: RESTORE },
    ...more,
  };
  await store.put(restoreKeys(name).claim, bytesOf(claim));
}

async function work(folder: string, runUid: string): Promise<void> {
  await store.put(planKey(folder, runUid), Buffer.from('12345'));
}

test('finds what dead runs have left, and leaves out what is used or whole', async () => {
  for (const name of ['whole', 'left', 'left-open', 'deleting', 'half']) {
    await storeBackupOf(store, name, {});
  }
  await store.put(backupKeys('velero').record, Buffer.from('{}'));
  await store.put('restores/velero/restore-velero-results.gz', Buffer.from('x'));
  await work(backupKeys('left').folder, 'dead');
  await work(backupKeys('left-open').folder, 'open');
  await storeBackupOf(store, 'asked', {});
  const asked = backupKeys('asked').folder;
  await work(asked, 'dead');
  const call = pluginCallKey(asked, { runUid: 'dead', attempt: 'a', call: 0 });
  await store.put(call, Buffer.from('{}'));
  await claimBackup('cut-off');
  await work(backupKeys('cut-off').folder, 'uid-cut-off');
  await claimBackup('under-way');
  await work(backupKeys('under-way').folder, 'uid-under-way');
  await claimBackup('elsewhere', { installation: 'another' });
  await work(backupKeys('nameless').folder, 'dead');
  await store.put('backups/strange/file', Buffer.from('x'));
  await writeTombstone(store, { name: 'half', runUid: 'uid-half' }, SINCE);
  await writeTombstone(store, { name: 'deleting', runUid: 'uid-deleting' }, SINCE);
  await writeTombstone(store, { name: 'gone', runUid: 'uid-gone' }, SINCE);
  await claimRestore('r-cut-off');
  await claimRestore('r-under-way');
  const ended = { phase: 'Completed' } as NonNullable<StoredRestore['result']>;
  await claimRestore('r-whole', { result: ended });
  await claimRestore('r-replacing');
  const item = { group: '', resource: 'secrets', namespace: 'a', name: 'b' };
  await store.put(`${replacedFolder('r-replacing', item)}u.json.gz`, Buffer.from('x'));

  const { orphans, isMore } = await find([
    ...['open', 'uid-under-way', 'uid-r-under-way'],
    'delete/default/deleting',
  ]);
  expect(isMore).toBe(false);
  expect(orphans.map(({ kind, place }) => `${kind} ${place}`).sort()).toEqual([
    'ForeignRun backups/elsewhere/',
    'LeftOperations backups/asked/work/dead/',
    'LeftTombstone metadata/holdfast/tombstones/gone.json',
    'LeftWork backups/left/work/dead/',
    'LeftWork backups/nameless/work/dead/',
    'ReplacedObjects restores/r-replacing/',
    'UnfinishedBackup backups/cut-off/',
    'UnfinishedDeletion metadata/holdfast/tombstones/half.json',
    'UnfinishedRestore restores/r-cut-off/',
    'UnknownFolder backups/strange/',
  ]);
  const run = { kind: 'Backup', name: 'cut-off', runUid: 'uid-cut-off' };
  expect(orphans.find(({ kind }) => kind === 'UnfinishedBackup')).toMatchObject({
    ...{ run, since: SINCE, objects: 2 },
  });
  expect(orphans.find(({ kind }) => kind === 'LeftWork')).toMatchObject({
    ...{ objects: 1, sizeBytes: 5 },
  });
});

test('a run that ends while it is looked at has left nothing', async () => {
  await storeBackupOf(store, 'b', {});
  const record = await readAll(store, backupKeys('b').record);
  await store.remove([backupKeys('b').record]);
  await claimRestore('r');
  await storeBackupOf(store, 'cleaned', {});
  await work(backupKeys('cleaned').folder, 'uid-cleaned');
  await writeTombstone(store, { name: 'deleted', runUid: 'uid-deleted' }, SINCE);
  const end = async ({ runId, workflowId }: LeaseHolder): Promise<void> => {
    if (runId === 'uid-b') {
      await store.put(backupKeys('b').record, record);
    } else if (runId === 'uid-r') {
      await claimRestore('r', { result: { phase: 'Completed' } as never });
    } else if (runId === 'uid-cleaned') {
      await store.remove(await keysUnder(store, `${backupKeys('cleaned').folder}work/`));
    } else if (workflowId === 'delete/default/deleted') {
      await store.remove(await keysUnder(store, 'metadata/'));
    }
  };
  expect(await find([], end)).toEqual({ orphans: [], isMore: false });
});

test('a name that another run has taken meanwhile is not the dead one’s', async () => {
  await claimBackup('b');
  const take = ({ runId }: LeaseHolder): Promise<unknown> =>
    runId === 'uid-b' ? claimBackup('b', { runUid: 'new' }) : Promise.resolve();
  expect((await find(['new'], take)).orphans).toEqual([]);
});

test('says that there is more than one look tells', async () => {
  for (let index = 0; index < 101; index++) {
    await store.put(`backups/b${String(index)}/file`, Buffer.from('x'));
  }
  const { orphans, isMore } = await find();
  expect({ count: orphans.length, isMore }).toEqual({ count: 100, isMore: true });
});

test('what a check of the location has left is found a day later, and not before', async () => {
  const check = (id: string) => `metadata/holdfast/check/${id}/whole`;
  for (const id of ['left', 'new']) {
    await store.put(check(id), Buffer.from('1234'));
  }
  const old = new Date(Date.now() - 25 * 3_600_000);
  await utimes(join(root, check('left')), old, old);
  expect((await find()).orphans).toMatchObject([
    { kind: 'LeftCheck', place: 'metadata/holdfast/check/left/', objects: 1, sizeBytes: 4 },
  ]);
});
