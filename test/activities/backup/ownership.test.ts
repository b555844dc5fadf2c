import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { commitBackup } from '../../../activities/backup/commit-backup.ts';
import { openBackup } from '../../../activities/backup/open-backup.ts';
import { planBackup } from '../../../activities/backup/plan-backup.ts';
import { cleanRun } from '../../../activities/clean-run.ts';
import type { OpenResult, TakenOver } from '../../../activities/contract.ts';
import type { OwnDependencies } from '../../../activities/dependencies.ts';
import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import type { BackupResult } from '../../../domain/backup.ts';
import { backupKeys, pluginCallKey } from '../../../domain/object-key.ts';
import { readBackup } from '../../../storage/catalogue.ts';
import { changeClaim } from '../../../storage/change-claim.ts';
import { adoptLocation } from '../../../storage/location-owner.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { readAll } from '../../../storage/object-store/read-all.ts';
import { inActivity } from '../../support/activity-context.ts';
import { keysUnder } from '../../support/archive-items.ts';
import { NO_VOLUMES } from '../../support/no-volumes.ts';
import { racedStore } from '../../support/raced-store.ts';

// Goal: a name has one owner, whoever died before or wakes up later. Method: the activities of two runs of one name, in
// the order that goes wrong, on a folder and the real API server.

const keys = backupKeys('b');
let cluster: Cluster;
let folder: string;
let store: ObjectStore;

beforeAll(() => {
  cluster = openCluster();
});

afterAll(async () => {
  await cluster.close();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-ownership-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

function deps(installation = 'here'): OwnDependencies {
  return {
    ...{ cluster, ...NO_VOLUMES, store: () => store, installation, namespace: 'holdfast' },
    isServed: () => Promise.resolve(true),
  };
}

function runOf(runUid: string) {
  return { location: 'default', name: 'b', runUid };
}

interface Opened extends TakenOver {
  readonly installation?: string;
}

function open(runUid: string, { installation, ...taken }: Opened = {}): Promise<OpenResult> {
  const spec = {
    ...{ cluster: 'local', includedNamespaces: ['default'], excludedNamespaces: [] },
    ttl: '1h',
  };
  return inActivity(() =>
    openBackup(deps(installation), {
      ...{ ...runOf(runUid), ...taken },
      ...{ spec, specDigest: 'digest', startTimestamp: '2026-01-01T00:00:00Z' },
    }),
  );
}

function resultOf(fields: Partial<BackupResult> = {}): BackupResult {
  return {
    ...{ phase: 'Completed', items: 1, archiveBytes: 1, warnings: 0, errors: 0 },
    startTimestamp: '2026-01-01T00:00:00Z',
    completionTimestamp: '2026-01-01T00:00:01Z',
    ...fields,
  };
}

function commit(runUid: string, result = resultOf()): Promise<void> {
  return commitBackup(deps(), { ...runOf(runUid), result });
}

test('what a dead run left is gone when its name is taken over', async () => {
  await open('dead');
  await inActivity(() => planBackup(deps(), runOf('dead')));
  await store.put(keys.archive, Buffer.from('half'));
  expect(await open('next')).toEqual({ kind: 'accepted' });
  expect(await keysUnder(store, keys.folder)).toEqual([keys.claim]);
  expect((await readBackup(store, 'b'))?.claim?.runUid).toBe('next');
});

test('what plugins have begun for a dead run stays known until they were told', async () => {
  await open('dead');
  const call = pluginCallKey(keys.folder, { runUid: 'dead', attempt: 'a', call: 0 });
  await store.put(call, Buffer.from('{}'));
  const left = { kind: 'left', runUid: 'dead', cluster: 'local' };
  expect(await open('next')).toEqual(left);
  expect(await open('next', { endedUid: 'another' })).toEqual(left);
  expect(await keysUnder(store, keys.folder)).toEqual([keys.claim, call].sort());
  expect(await open('next', { endedUid: 'dead' })).toEqual({ kind: 'accepted' });
  expect(await keysUnder(store, keys.folder)).toEqual([keys.claim]);
});

test('a claim that was committed without its record is taken over as well', async () => {
  await open('dead');
  await commit('dead');
  await store.remove([keys.record]);
  expect(await open('next')).toEqual({ kind: 'accepted' });
  expect(await keysUnder(store, keys.folder)).toEqual([keys.claim]);
});

test('a claim whose deletion has begun is not taken over, however late that came', async () => {
  await open('dead');
  const deletion = { since: '2026-01-01T00:00:00Z' };
  const dying = () =>
    changeClaim(store, { name: 'b', runUid: 'dead' }, (claim) => ({ ...claim, deletion }));
  const refused = { kind: 'refused', failure: { code: 'being-deleted' } };
  const direct = store;
  store = racedStore(direct, { key: keys.claim, times: 1, write: dying });
  expect(await open('next')).toMatchObject(refused);
  store = direct;
  expect(await open('next')).toMatchObject(refused);
  expect((await readBackup(store, 'b'))?.claim?.runUid).toBe('dead');
});

test('the claim of another Holdfast stands, and its files with it', async () => {
  await open('theirs', { installation: 'elsewhere' });
  await store.put(keys.archive, Buffer.from('theirs'));
  const refused = await open('ours');
  expect(refused).toMatchObject({ kind: 'refused', failure: { code: 'location-owned' } });
  await adoptLocation(store, { installation: 'here', since: '2026-01-02T00:00:00Z' });
  const answer = await open('ours');
  expect(answer).toMatchObject({ kind: 'refused', failure: { code: 'already-exists' } });
  expect(await keysUnder(store, keys.folder)).toEqual([keys.archive, keys.claim].sort());
  await inActivity(() => cleanRun(store, keys, { ...runOf('ours'), scope: 'claim' }));
  expect(await keysUnder(store, keys.folder)).toEqual([keys.archive, keys.claim].sort());
});

test('a run that lost its name commits nothing', async () => {
  await open('slow');
  await open('next');
  await expect(commit('slow')).rejects.toMatchObject({ code: 'precondition-failed' });
  expect(await keysUnder(store, keys.folder)).toEqual([keys.claim]);
  expect((await readBackup(store, 'b'))?.claim).toMatchObject({ runUid: 'next' });
});

test('a commit that is repeated writes the same bytes', async () => {
  await open('run');
  await commit('run');
  const first = await bytesUnder(keys.folder);
  await commit('run');
  expect(await bytesUnder(keys.folder)).toEqual(first);
});

test('what a backup could not take is named in claim and results, and Velero sees no failure reason', async () => {
  const errors = [
    { code: 'cluster-forbidden', message: 'widgets.example is not in the backup', subject: 'w' },
  ] as const;
  await open('run');
  const problems = { errors, warnings: [] };
  await commit('run', resultOf({ phase: 'PartiallyFailed', errors: 1, problems }));
  const entry = await readBackup(store, 'b');
  expect(entry?.claim?.result?.problems).toEqual(problems);
  expect(entry?.record?.status).toMatchObject({ phase: 'PartiallyFailed', errors: 1 });
  expect(entry?.record?.status.failureReason).toBeUndefined();
  expect(await readJsonGz(store, keys.results)).toEqual({
    warnings: {},
    errors: { velero: ['widgets.example is not in the backup'] },
  });
});

async function bytesUnder(prefix: string): Promise<Record<string, string>> {
  const bytes: Record<string, string> = {};
  for (const key of await keysUnder(store, prefix)) {
    bytes[key] = (await readAll(store, key)).toString('base64');
  }
  return bytes;
}
