import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import type { StoredSnapshot } from '../../../activities/engine/port.ts';
import { findSnapshotOrphans } from '../../../activities/reconcile/find-snapshot-orphans.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import type { Orphan } from '../../../domain/orphan.ts';
import { repositoryPath } from '../../../domain/volumes/repository.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';
import { HELD_MASTER_KEY } from '../../support/held-master-key.ts';
import { MemoryEngine } from '../../support/memory-engine.ts';
import { storeBackup } from '../../support/stored-backup.ts';

// Goal: snapshots without a backup are told, and backups without their snapshots. Method: backups in a folder, and a
// repository in memory.

const OF_RUN = { backup: 'nightly', run: 'uid-nightly' };
let engine: MemoryEngine;
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  engine = new MemoryEngine();
  folder = await mkdtemp(join(tmpdir(), 'holdfast-snapshots-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
  await storeBackup(store, 'nightly', []);
  await store.put(`${repositoryPath('cluster', 'shop')}/config`, Buffer.from('x'));
  await writeJsonGz(store, backupKeys('nightly').volumes, [
    copyOf('cluster', 'there'),
    copyOf('another', 'elsewhere'),
    { clusterUid: 'cluster', namespace: 'shop', copy: { outcome: 'Empty' } },
  ]);
});

function copyOf(clusterUid: string, snapshotId: string): object {
  return { clusterUid, namespace: 'shop', copy: { outcome: 'Complete', snapshot: { snapshotId } } };
}

function snapshot(snapshotId: string, labels: StoredSnapshot['labels'] = OF_RUN): StoredSnapshot {
  // The cast: of the facts only the id is looked at.
  return { facts: { snapshotId }, labels } as StoredSnapshot;
}

async function find(
  of: { read: () => Promise<unknown> } = HELD_MASTER_KEY,
): Promise<readonly Orphan[]> {
  const location = { name: 'default', provider: 'folder', path: folder } as const;
  const tools = {
    ...{ engine, namespace: 'holdfast', location: () => location, store: () => store },
    cluster: { ...of, identity: () => Promise.resolve({ uid: 'cluster' }) },
  };
  const { orphans } = await inActivity(() =>
    // The cast: of an identity only the uid is looked at.
    findSnapshotOrphans(tools as never, { location: 'default', cluster: 'local' }),
  );
  return orphans;
}

test('a snapshot that its backup names is no orphan, nor is one that is not Holdfast’s', async () => {
  engine.add('shop', { snapshots: [snapshot('there'), snapshot('foreign', {})] });
  expect(await find()).toEqual([]);
});

test('snapshots that nothing refers to are counted for their repository', async () => {
  const gone = { backup: 'gone', run: 'uid-gone' };
  engine.add('shop', { snapshots: [snapshot('there'), snapshot('void'), snapshot('old', gone)] });
  expect(await find()).toEqual([
    {
      ...{ kind: 'LeftSnapshots', place: 'restic/v1/cluster/shop', objects: 2 },
      reason: 'no record of a backup and no claim refers to 2 of 3 snapshots',
      repository: { clusterUid: 'cluster', namespace: 'shop' },
    },
  ]);
});

test('a snapshot that a record names and that is not there is told, unless the backup goes', async () => {
  const { snapshots } = engine.add('shop', { snapshots: [] });
  expect(await find()).toMatchObject([
    {
      kind: 'MissingSnapshot',
      reason: expect.stringContaining('nightly names the snapshot there') as string,
    },
  ]);
  const list = engine.snapshots.bind(engine);
  engine.snapshots = async (query) => {
    await store.remove([backupKeys('nightly').record]);
    return list(query);
  };
  expect(await find()).toEqual([]);
  expect(snapshots).toEqual([]);
});

test('a repository whose key is not there is told, and is no failure', async () => {
  engine.add('shop', {});
  expect(await find({ read: () => Promise.resolve(undefined) })).toMatchObject([
    {
      kind: 'UnreadableRepository',
      reason: expect.stringMatching(/^master-key-missing: /) as string,
    },
  ]);
});
