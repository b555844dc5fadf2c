import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Dependencies } from '../../../activities/dependencies.ts';
import { locateVolumes } from '../../../activities/volumes/locate-volumes.ts';
import type { VolumePlace } from '../../../activities/volume-contract.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { backupFolder, restoreFolder, volumeBatchKey } from '../../../domain/object-key.ts';
import type { CopyRecord } from '../../../domain/volumes/copy-record.ts';
import type { RestoredVolume } from '../../../domain/volumes/restored-volumes.ts';
import type { CopyBatch, PlannedVolume, VolumeBatch } from '../../../domain/volumes/volume-plan.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';
import { memoryCluster } from '../../support/memory-cluster.ts';

const RUN = { kind: 'Backup', location: 'default', name: 'b', runUid: 'run-1', batch: 0 } as const;
const CLAIM: PlannedVolume = {
  ...{ index: 3, namespace: 'shop', claim: 'data', claimUid: 'u', persistentVolume: 'pv-1' },
  ...{ source: 'persistentVolumeClaim', pod: 'web', volume: 'disk' },
};
const OWN: PlannedVolume = {
  ...{ index: 4, namespace: 'shop', pod: 'web', volume: 'cache', source: 'emptyDir' },
};

let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-locate-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface PodState {
  readonly name?: string;
  readonly phase?: string;
  readonly node?: string;
  readonly isBeingDeleted?: boolean;
}

function pod({ name = 'web', phase = 'Running', node = 'n1', isBeingDeleted }: PodState = {}) {
  const object: KubernetesObject = {
    metadata: {
      ...{ namespace: 'shop', name, uid: `uid-${name}` },
      ...(isBeingDeleted === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      nodeName: node,
      volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: 'data' } }],
    },
    status: { phase },
  };
  return { type: 'pods', object };
}

/** The place of a volume, where the pods are the given ones; the waits are as long as the test is. */
async function place(
  volume: PlannedVolume,
  pods: readonly ReturnType<typeof pod>[],
  { served = ['n1', 'n2'], signal }: { served?: readonly string[]; signal?: AbortSignal } = {},
): Promise<VolumePlace | undefined> {
  const batch: CopyBatch = {
    ...{ cluster: 'local', clusterUid: 'c', verification: 'ReadBack', volumes: [volume] },
  };
  await writeJsonGz(store, volumeBatchKey(backupFolder('b'), RUN), batch);
  const deps = {
    cluster: memoryCluster([], pods),
    store: () => store,
    isServed: (queue: string) =>
      Promise.resolve(served.some((node) => queue === `holdfast.node.local.${node}`)),
    // The cast: only what the activity uses of a worker's clients is there.
  } as unknown as Dependencies;
  const { volumes } = await inActivity(() => locateVolumes(deps, RUN), {
    ...(signal === undefined ? {} : { signal }),
  });
  expect(volumes.map(({ volume: index }) => index)).toEqual([volume.index]);
  expect(volumes[0]?.repository).toEqual({ clusterUid: 'c', namespace: volume.namespace });
  return volumes[0]?.place;
}

test('a claim is read through the pod that was planned', async () => {
  expect(await place(CLAIM, [pod({ name: 'other', node: 'n2' }), pod()])).toEqual({
    ...{ kind: 'pod', node: 'n1', pod: 'web', podUid: 'uid-web' },
  });
});

test('a claim is read through another pod that runs with it when the planned one is gone', async () => {
  expect(await place(CLAIM, [pod({ name: 'other', node: 'n2' })])).toMatchObject({
    ...{ kind: 'pod', node: 'n2', pod: 'other' },
  });
});

test('a claim whose pods have ended or wait for a node has to be mounted', async () => {
  const waiting = pod({ name: 'waiting', phase: 'Pending', node: '' });
  expect(await place(CLAIM, [pod({ phase: 'Succeeded' }), waiting])).toEqual({
    kind: 'unmounted',
  });
});

test('a volume of a pod of its own is nowhere when the pod does not run', async () => {
  expect(await place(OWN, [])).toMatchObject({
    kind: 'none',
    failure: { code: 'pod-not-running', subject: 'shop/web cache' },
  });
  expect(await place(OWN, [pod()])).toMatchObject({ kind: 'pod', pod: 'web' });
});

test('the repository of a restored volume is that of its copy, wherever it is restored', async () => {
  // Of the copy's record only what names its repository is there.
  const record = { clusterUid: 'lost', namespace: 'shop-before' } as CopyRecord;
  const restored: RestoredVolume = { ...CLAIM, record };
  const run = { ...RUN, kind: 'Restore' } as const;
  const batch: VolumeBatch<RestoredVolume> = { cluster: 'local', volumes: [restored] };
  await writeJsonGz(store, volumeBatchKey(restoreFolder('b'), run), batch);
  // The cast: only what the activity uses of a worker's clients is there.
  const deps = { cluster: memoryCluster([], []), store: () => store } as unknown as Dependencies;
  const { volumes } = await inActivity(() => locateVolumes(deps, run), {});
  expect(volumes).toMatchObject([{ repository: record, place: { kind: 'unmounted' } }]);
});

test('a pod that starts, and one that goes, are waited for', async () => {
  const starting = [pod({ phase: 'Pending' })];
  setTimeout(() => starting.splice(0, 1, pod()), 200);
  expect(await place(CLAIM, starting)).toMatchObject({ kind: 'pod', pod: 'web' });
  const going = [pod({ isBeingDeleted: true })];
  setTimeout(() => going.splice(0, 1), 200);
  expect(await place(CLAIM, going)).toEqual({ kind: 'unmounted' });
});

test('a wait ends with the activity', async () => {
  const cancel = new AbortController();
  const looking = place(CLAIM, [pod({ phase: 'Pending' })], { signal: cancel.signal });
  setTimeout(() => {
    cancel.abort(new Error('enough'));
  }, 100);
  await expect(looking).rejects.toThrow('enough');
});
