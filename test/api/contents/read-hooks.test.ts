import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { HookFiles } from '../../../activities/restore-hooks/hook-files.ts';
import { readRestoreHooks } from '../../../api/contents/read-hooks.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import { bytesOf } from '../../../storage/claim.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { claimOfRestore } from '../../support/stored-restore.ts';

// Goal: hooks of a restore are told while it is under way and when it has ended. Method: a folder, as a run leaves it.

let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-hooks-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

const report = (pod: string) => ({ namespace: 'copy', pod, runs: [] });

test('those that have ended are told of a restore under way, and all of an ended one', async () => {
  await expect(readRestoreHooks(store, 'r')).rejects.toMatchObject({ code: 'restore-not-found' });
  const claim = claimOfRestore('r');
  await store.put(restoreKeys('r').claim, bytesOf(claim));
  expect(await readRestoreHooks(store, 'r')).toEqual([]);
  const batch = { location: 'default', name: 'r', runUid: claim.runUid, batch: 0 };
  const files = new HookFiles(store, batch);
  await files.writePods([{ namespace: 'copy', name: 'a' }]);
  await files.writeNote(0, { ...report('a'), isDone: false });
  expect(await readRestoreHooks(store, 'r')).toMatchObject([report('a')]);
  await writeJsonGz(store, restoreKeys('r').hooks, [report('a'), report('b')]);
  expect(await readRestoreHooks(store, 'r')).toEqual([report('a'), report('b')]);
});
