import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Dependencies } from '../../../activities/dependencies.ts';
import { planVolumeRestore } from '../../../activities/volumes/plan-volume-restore.ts';
import {
  backupKeys,
  failedClaimsKey,
  planKey,
  restoreFolder,
  restoreKeys,
  shardOutcomesKey,
} from '../../../domain/object-key.ts';
import { readBatch } from '../../../activities/volumes/volume-batch.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { readVolumeReport } from '../../../activities/restore/volume-report.ts';
import { readJsonGz, writeJsonGz } from '../../../storage/json-file.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';
import { type HeldObject, memoryCluster } from '../../support/memory-cluster.ts';
import { claimOfRestore } from '../../support/stored-restore.ts';

const RUN = { location: 'default', name: 'r', runUid: 'run-1' };
const CLAIM = { group: '', resource: 'persistentvolumeclaims', namespace: 'shop' };
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-plan-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('claims that were made get data; one that is made later has none, and is said to have failed', async () => {
  const verbs = { made: 'created', there: 'unchanged', late: 'failed' };
  const records = [...Object.keys(verbs), 'unselected'].map((claim, index) => ({
    ...{ index, namespace: 'shop', claim, source: 'persistentVolumeClaim' },
  }));
  const outcomes = Object.entries(verbs).map(([name, verb]) => ({ ...CLAIM, name, verb }));
  const key = { runUid: RUN.runUid, shard: 0, attempt: 'a' };
  const spec = { cluster: 'local', backupName: 'b', namespaceMapping: {} };
  await writeJsonGz(store, planKey(restoreFolder('r'), RUN.runUid), { spec });
  await writeJsonGz(store, backupKeys('b').volumes, records);
  await writeJsonGz(store, shardOutcomesKey(restoreFolder('r'), key), outcomes);

  // The cast: the plan needs nothing of a worker's clients but these.
  const deps = { store: () => store, cluster: memoryCluster([], []) } as unknown as Dependencies;
  const input = { ...RUN, stage: 'claims', shards: [key], firstBatch: 0 } as const;
  const planned = await inActivity(() => planVolumeRestore(deps, input));
  expect(planned).toEqual({ volumes: 1, batches: 1 });
  expect(await readJsonGz(store, failedClaimsKey(restoreFolder('r'), RUN.runUid))).toEqual([
    'shop/late',
  ]);
  const report = await readVolumeReport(store, {
    ...{ ...RUN, shards: [], ending: { kind: 'applied' }, completionTimestamp: '' },
  });
  expect(report?.summary).toMatchObject({ restored: 0, failed: 1 });
  expect(report?.errors).toEqual([expect.stringMatching(/^volume shop\/late: .* not made before/)]);
  expect(report?.failed).toEqual([
    { code: 'volume-not-restored', message: report?.errors[0], subject: 'volume shop/late' },
  ]);
  expect(report?.warnings).toEqual([expect.stringMatching(/^volume shop\/there: it was there/)]);
});

/** A claim that a restore has made, and maybe a pod that has it in use. */
function marked(name: string, by: string, user?: KubernetesObject['metadata']): HeldObject[] {
  const annotations = { 'holdfast.dev/data-pending': `default/${by}/uid-${by}` };
  const claim = { metadata: { namespace: 'shop', name, annotations } };
  const volumes = [{ name: 'disk', persistentVolumeClaim: { claimName: name } }];
  return [
    { type: 'persistentvolumeclaims', object: claim },
    ...(user === undefined
      ? []
      : [{ type: 'pods', object: { metadata: user, spec: { volumes } } }]),
  ];
}

test.each([
  { how: 'a restore', spec: {}, verbs: ['unchanged', 'skipped'] },
  { how: 'a retry of failed items', spec: { retryOf: 'ended' }, verbs: [undefined] },
])('$how fills claims that an earlier one could not, but none in use', async ({ spec, verbs }) => {
  const metadata = { namespace: 'shop', name: 'user' };
  const labels = {
    'app.kubernetes.io/name': 'holdfast',
    'app.kubernetes.io/component': 'mount',
  };
  const cluster = memoryCluster(
    [],
    [
      ...marked('unfilled', 'ended', { ...metadata, name: 'mount', labels }),
      ...marked('unowned', 'deleted'),
      ...marked('being-filled', 'running'),
      ...marked('used', 'ended', metadata),
    ],
  );
  const names = ['unfilled', 'unowned', 'being-filled', 'used'];
  const records = names.map((claim, index) => ({
    ...{ index, namespace: 'shop', claim, source: 'persistentVolumeClaim' },
  }));
  const outcomes = names.flatMap((name, index) => {
    const verb = verbs[index % verbs.length];
    return verb === undefined ? [] : [{ ...CLAIM, name, verb }];
  });
  const key = { runUid: RUN.runUid, shard: 0, attempt: 'a' };
  const whole = { cluster: 'local', backupName: 'b', namespaceMapping: {}, ...spec };
  await writeJsonGz(store, planKey(restoreFolder('r'), RUN.runUid), { spec: whole });
  await writeJsonGz(store, backupKeys('b').volumes, records);
  await writeJsonGz(store, shardOutcomesKey(restoreFolder('r'), key), outcomes);
  const { result, ...running } = claimOfRestore('running');
  for (const claim of [{ ...claimOfRestore('ended'), result }, running]) {
    await store.put(restoreKeys(claim.name).claim, Buffer.from(JSON.stringify(claim)));
  }

  // The cast: the plan needs nothing of a worker's clients but these.
  const deps = { store: () => store, cluster } as unknown as Dependencies;
  const input = { ...RUN, stage: 'claims', shards: [key], firstBatch: 0 } as const;
  const planned = await inActivity(() => planVolumeRestore(deps, input));
  expect(planned).toEqual({ volumes: 2, batches: 1 });
  const batch = await readBatch(store, { ...RUN, kind: 'Restore', batch: 0 });
  expect(batch.volumes.map(({ claim }) => claim)).toEqual(['unfilled', 'unowned']);
  // What would mount the others is not restored.
  expect(await readJsonGz(store, failedClaimsKey(restoreFolder('r'), RUN.runUid))).toEqual([
    ...['shop/being-filled', 'shop/used'],
  ]);
});
