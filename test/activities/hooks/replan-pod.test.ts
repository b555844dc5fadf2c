import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Dependencies } from '../../../activities/dependencies.ts';
import { freezePod } from '../../../activities/hooks/freeze-pod.ts';
import { hooksOfBatch } from '../../../activities/hooks/hooks-of-batch.ts';
import { replanPod } from '../../../activities/hooks/replan-pod.ts';
import type { ExecHook } from '../../../domain/hooks/hook.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { backupKeys, hookEndsKey, volumeBatchKey } from '../../../domain/object-key.ts';
import type { StoredBackup } from '../../../domain/stored-run.ts';
import { bytesOf } from '../../../storage/claim.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';
import { freezeCluster } from '../../support/freeze-cluster.ts';
import { SOURCE_CLUSTER } from '../../support/stored-backup.ts';

// Goal: a pod that a rollout replaced after its hooks were planned is found again, with the hooks that it has now. Method:
// pods in memory, a batch and the claim of a backup in a folder.

const GONE = { namespace: 'shop', name: 'db-0', uid: 'old' };
const INPUT = {
  ...({ location: 'default', name: 'nightly', runUid: 'run-1', kind: 'Backup' } as const),
  ...{ batch: 0, pod: 0 },
};
const HOOK: ExecHook = {
  ...{ kind: 'exec', source: 'annotations', container: 'db', command: ['planned'] },
  ...{ onError: 'Fail', timeoutMs: 30_000 },
};
const keys = backupKeys('nightly');
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-replan-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  const claim: StoredBackup = {
    ...{ version: 1, kind: 'Backup', name: 'nightly', runUid: 'run-1', specDigest: 'b' },
    ...{ installation: 'test', startTimestamp: '2026-01-01T00:00:00Z', cluster: SOURCE_CLUSTER },
    spec: { cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '720h0m0s' },
  };
  await store.put(keys.claim, bytesOf(claim));
  await writeJsonGz(store, volumeBatchKey(keys.folder, INPUT), {
    volumes: [{ index: 3, namespace: 'shop', claim: 'data', source: 'persistentVolumeClaim' }],
    pods: [{ pod: GONE, pre: [HOOK], post: [HOOK], volumes: [3], thawAfterMs: 60_000 }],
  });
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

function pod(name: string, uid: string, phase = 'Running'): KubernetesObject {
  return {
    metadata: {
      ...{ namespace: 'shop', name, uid },
      annotations: { 'pre.hook.backup.velero.io/command': 'new' },
    },
    spec: {
      nodeName: 'node',
      containers: [{ name: 'db' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
    status: { phase },
  };
}

function worker(pods: readonly KubernetesObject[]) {
  const { cluster, held, ran } = freezeCluster([]);
  held.push(...pods.map((object) => ({ type: 'pods', object })));
  // The cast: only what the activities use of a worker's clients is there.
  const deps = { cluster, namespace: 'holdfast', store: () => store } as unknown as Dependencies;
  return { deps, ran, replan: () => inActivity(() => replanPod(deps, INPUT)) };
}

test('a pod of the same name, and one that mounts its claim, take the place of one that is gone', async () => {
  const found = { pod: 0, uid: 'new', volumes: [3] };
  expect(await worker([pod('db-0', 'new')]).replan()).toEqual({ ...found, name: 'shop/db-0' });
  expect(await worker([pod('db-x7', 'new')]).replan()).toEqual({ ...found, name: 'shop/db-x7' });
});

test('nothing takes its place where there is no other pod, or one that has ended', async () => {
  expect(await worker([]).replan()).toBeUndefined();
  expect(await worker([pod('db-0', 'old')]).replan()).toBeUndefined();
  expect(await worker([pod('db-0', 'new', 'Succeeded')]).replan()).toBeUndefined();
});

test('a pod that is gone says so before it is frozen, and the hooks of the new one are run and told', async () => {
  const { deps, ran, replan } = worker([pod('db-x7', 'new')]);
  expect(await inActivity(() => freezePod(deps, INPUT))).toMatchObject({
    ...{ isGone: true, isBegun: false, failure: { code: 'hook-failed' } },
  });
  expect(ran).toEqual([]);
  await replan();
  const frozen = await inActivity(() => freezePod(deps, { ...INPUT, isAgain: true }));
  expect(frozen).toMatchObject({ isFrozen: true });
  expect(frozen).not.toHaveProperty('isGone');
  expect(ran).toEqual(['db: new']);
  await writeJsonGz(store, hookEndsKey(keys.folder, INPUT), [
    { pod: 0, isAgain: true, preAttempt: frozen.attempt, isHeld: true },
  ]);
  const { pods, held } = await hooksOfBatch(store, INPUT, []);
  expect(pods).toMatchObject([{ pod: 'db-x7', isHeld: true, runs: [{ command: ['new'] }] }]);
  expect([...held]).toEqual([[3, 'Held']]);
});

test('a pod with post hooks alone says too that it is gone, and one that is there does not', async () => {
  await writeJsonGz(store, volumeBatchKey(keys.folder, INPUT), {
    ...{ volumes: [], pods: [{ pod: GONE, pre: [], post: [HOOK], volumes: [], thawAfterMs: 1 }] },
  });
  const freeze = (uid: string) =>
    inActivity(() => freezePod(worker([pod('db-0', uid)]).deps, INPUT));
  expect(await freeze('new')).toMatchObject({ isGone: true });
  expect(await freeze('old')).not.toHaveProperty('isGone');
});
