import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { cleanRun } from '../../activities/clean-run.ts';
import { readHooks } from '../../api/contents/read-hooks.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import {
  backupKeys,
  hookRunsKey,
  planKey,
  pluginAnswerKey,
  pluginCallKey,
  pluginReplyKey,
} from '../../domain/object-key.ts';
import type { StoredBackup } from '../../domain/stored-run.ts';
import { bytesOf } from '../../storage/claim.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import { createFolderStore } from '../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { inActivity } from '../support/activity-context.ts';
import { keysUnder } from '../support/archive-items.ts';
import { SOURCE_CLUSTER } from '../support/stored-backup.ts';

// Goal: what hooks did in pods stays known when the files of a backup are removed. Method: a folder, as a run leaves it.

const keys = backupKeys('b');
const RUN = { location: 'default', name: 'b', runUid: 'run-1' };
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-clean-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  await store.put(keys.claim, bytesOf(claimOf('run-1')));
  await writeJsonGz(store, planKey(keys.folder, 'run-1'), {});
  await writeJsonGz(store, keys.archive, {});
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

function claimOf(runUid: string): StoredBackup {
  return {
    ...{ version: 1, kind: 'Backup', name: 'b', runUid, specDigest: 'b', installation: 'test' },
    ...{ startTimestamp: '2026-01-01T00:00:00Z', cluster: SOURCE_CLUSTER },
    spec: { cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '720h0m0s' },
  };
}

function hookRun(phase: HookRun['phase']): HookRun {
  return {
    ...{ namespace: 'shop', pod: 'db-0', phase, source: 'annotations', onError: 'Fail' },
    ...{ startTimestamp: '2026-01-01T00:00:00Z', completionTimestamp: '2026-01-01T00:00:01Z' },
    ...{ outcome: 'Succeeded', exitCode: 0 },
  };
}

async function writeRuns(): Promise<void> {
  for (const phase of ['post', 'pre'] as const) {
    const key = hookRunsKey(keys.folder, { ...RUN, batch: 0, pod: 0, phase, attempt: 'a' });
    await writeJsonGz(store, key, [hookRun(phase)]);
  }
}

const clean = (scope: 'files' | 'claim' | 'work') =>
  inActivity(() => cleanRun(store, keys, { ...RUN, scope }));

test('the list of the hooks of a backup that failed or was cancelled stays, however often it is cleaned', async () => {
  await writeRuns();
  await clean('files');
  await clean('files');
  expect(await keysUnder(store, keys.folder)).toEqual([keys.claim, keys.hooks].sort());
  expect(await readHooks(store, 'b')).toEqual([
    { namespace: 'shop', pod: 'db-0', runs: [hookRun('pre'), hookRun('post')] },
  ]);
});

test('a backup without hooks leaves no list, and one that gives its name back leaves nothing', async () => {
  await clean('files');
  expect(await keysUnder(store, keys.folder)).toEqual([keys.claim]);
  await writeRuns();
  await clean('claim');
  expect(await keysUnder(store, keys.folder)).toEqual([]);
});

test('another run of the name loses its work alone', async () => {
  await writeRuns();
  await store.put(keys.claim, bytesOf(claimOf('next')));
  await clean('files');
  expect(await keysUnder(store, keys.folder)).toEqual([keys.archive, keys.claim].sort());
});

test('what plugins were asked stays where it is wanted, but not the key that opens their answers', async () => {
  const part = { runUid: 'run-1', attempt: 'a', call: 0 };
  const asked = [
    planKey(keys.folder, 'run-1'),
    pluginCallKey(keys.folder, part),
    pluginAnswerKey(keys.folder, part),
  ];
  const others = [pluginReplyKey(keys.folder, 'run-1'), `${keys.folder}work/run-1/shard.tar.gz`];
  for (const key of [...asked, ...others]) {
    await writeJsonGz(store, key, {});
  }
  for (const scope of ['work', 'files'] as const) {
    await inActivity(() => cleanRun(store, keys, { ...RUN, scope, keepsPlugins: true }));
  }
  expect(await keysUnder(store, keys.folder)).toEqual([keys.claim, ...asked].sort());
});
