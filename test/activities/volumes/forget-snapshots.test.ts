import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { StoredSnapshot } from '../../../activities/engine/port.ts';
import { forgetSnapshots } from '../../../activities/volumes/forget-snapshots.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';
import { HELD_MASTER_KEY } from '../../support/held-master-key.ts';
import { MemoryEngine } from '../../support/memory-engine.ts';
import { storeBackup } from '../../support/stored-backup.ts';

// Goal: maintenance takes out what no record of a backup needs, and nothing else. Method: backups in a folder, and a
// repository in memory.

const KEY = { location: 'default', clusterUid: 'cluster', namespace: 'shop' };
const engine = new MemoryEngine();
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-forget-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
  await storeBackup(store, 'nightly', []);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function snapshot(snapshotId: string, labels: StoredSnapshot['labels']): StoredSnapshot {
  // The cast: of the facts only the id is looked at.
  return { facts: { snapshotId }, labels } as StoredSnapshot;
}

/** What is left of the snapshots of a run, by id, after the maintenance. */
async function leftOf(snapshots: StoredSnapshot[]): Promise<string[]> {
  const repository = engine.add(KEY.namespace, { snapshots });
  const location = { name: 'default', provider: 'folder', path: folder } as const;
  const tools = {
    ...{ engine, namespace: 'holdfast', cluster: HELD_MASTER_KEY },
    ...{ location: () => location, store: () => store },
  };
  const end = await inActivity(() => forgetSnapshots(tools, KEY));
  const left = repository.snapshots.map(({ facts }) => facts.snapshotId);
  const forgotten = snapshots.length - left.length;
  expect(end).toEqual({ kind: 'Done', forgotten, snapshots: left.length });
  return left;
}

const OF_RUN = { backup: 'nightly', run: 'uid-nightly' };

test('a snapshot that the records of its backup do not name goes', async () => {
  const records = [
    { copy: { outcome: 'Complete', snapshot: { snapshotId: 'named' } } },
    { copy: { outcome: 'Empty' } },
  ];
  await writeJsonGz(store, backupKeys('nightly').volumes, records);
  expect(await leftOf([snapshot('void', OF_RUN), snapshot('named', OF_RUN)])).toEqual(['named']);
});

test('where a backup has no records of copies, or damaged ones, all snapshots of its run stay', async () => {
  const snapshots = [snapshot('one', OF_RUN), snapshot('other-run', { ...OF_RUN, run: 'x' })];
  expect(await leftOf(snapshots)).toEqual(['one']);
  await store.put(backupKeys('nightly').volumes, Buffer.from('no gzip'));
  expect(await leftOf(snapshots)).toEqual(['one', 'other-run']);
});
