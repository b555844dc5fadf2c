import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { OwnDependencies } from '../../../activities/dependencies.ts';
import { imagePodName, mountPodName } from '../../../activities/volumes/mount-pod.ts';
import { mountVolume } from '../../../activities/volumes/mount-volume.ts';
import type { VolumeRun } from '../../../activities/volume-contract.ts';
import { fields, list } from '../../../domain/fields.ts';
import { backupFolder, restoreFolder, volumeBatchKey } from '../../../domain/object-key.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import type { CopyRecord } from '../../../domain/volumes/copy-record.ts';
import { restoredVolume } from '../../../domain/volumes/restored-volumes.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';
import type { HeldObject } from '../../support/memory-cluster.ts';
import { NOT_PULLED, podCluster } from '../../support/pod-cluster.ts';

// Goal: the pod that mounts a claim brings the volume to where the pod of later can run. Method: a batch in a folder, and
// the pod as a cluster in memory was asked for it.

const RUN = { location: 'default', name: 'r', runUid: '12345678-rest', batch: 0, volume: 0 };
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-mount-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function claim(name: string, spec: object = {}): HeldObject {
  const object = {
    metadata: { namespace: 'shop', name, uid: name },
    spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', ...spec },
  };
  return { type: 'persistentvolumeclaims', object };
}

/** The claims that the pod for the first of these mounts. */
async function mounted(
  kind: VolumeRun['kind'],
  claims: readonly HeldObject[],
  pods: Readonly<Record<string, string>> = {},
): Promise<unknown[]> {
  await storeBatch(kind, claims, pods);
  const { cluster, made } = podCluster(claims);
  await inActivity(() => mountVolume(depsWith(cluster), { ...RUN, kind }));
  return list(fields(made[0]?.['spec'])['volumes']).map(
    (one) => fields(fields(one)['persistentVolumeClaim'])['claimName'],
  );
}

function depsWith(cluster: ReturnType<typeof podCluster>['cluster']): OwnDependencies {
  return {
    ...{ cluster, namespace: 'holdfast', image: 'image:1' },
    ...{ store: () => store, isServed: () => Promise.resolve(true) },
    // The cast: only what the activity uses of a worker's clients is there.
  } as unknown as OwnDependencies;
}

async function storeBatch(
  kind: VolumeRun['kind'],
  claims: readonly HeldObject[],
  pods: Readonly<Record<string, string>> = {},
): Promise<void> {
  const volumes = claims.map(({ object: { metadata } }, index) => {
    // Of the record only what names volume, node and pod is there.
    const record = {
      ...{ index, namespace: 'before', claim: metadata.name, source: 'persistentVolumeClaim' },
      ...{ node: 'n1', pod: pods[metadata.name] ?? 'db', volume: metadata.name },
    } as CopyRecord;
    // The cast: of the spec only the mapping is looked at.
    const spec = { namespaceMapping: { before: 'shop' } } as unknown as RestoreSpec;
    return kind === 'Restore'
      ? restoredVolume(record, { index, spec })
      : { ...record, namespace: 'shop' };
  });
  const batch = { cluster: 'local', volumes };
  const of = kind === 'Restore' ? restoreFolder('r') : backupFolder('r');
  await writeJsonGz(store, volumeBatchKey(of, RUN), batch);
}

test('fresh claims of one pod get their volumes together, so that they are on one node', async () => {
  const bound = claim('bound', { volumeName: 'pv-1' });
  const oneByOne = claim('one-by-one', { accessModes: ['ReadWriteOncePod'] });
  const disk = claim('disk', { volumeMode: 'Block' });
  const claims = [claim('data'), claim('log'), bound, oneByOne, disk, claim('of-another')];
  expect(await mounted('Restore', claims, { 'of-another': 'web' })).toEqual(['data', 'log']);
});

test('pods of runs that begin together have names of their own', () => {
  const [one, other] = [
    '01a226ce-1c4c-7000-8000-0123456789ab',
    '01a226ce-1dc8-7000-8000-ba9876543210',
  ];
  for (const nameOf of [imagePodName, (runUid: string) => mountPodName({ runUid, index: 0 })]) {
    expect(nameOf(one)).not.toBe(nameOf(other));
  }
});

test('a claim that is read is mounted alone', async () => {
  expect(await mounted('Backup', [claim('data'), claim('log')])).toEqual(['data']);
});

test('a pod that is only to have its node is not waited for until it runs', async () => {
  const claims = [claim('data', { volumeName: 'pv-1' })];
  await storeBatch('Backup', claims);
  const { cluster } = podCluster(claims, NOT_PULLED);
  const input = { ...RUN, kind: 'Backup', until: 'Scheduled' } as const;
  expect(await inActivity(() => mountVolume(depsWith(cluster), input))).toEqual({
    ...{ node: 'n1', podUid: 'made', persistentVolume: 'pv-1' },
    pod: mountPodName({ runUid: RUN.runUid, index: 0 }),
  });
});
