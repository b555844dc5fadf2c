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
  shardOutcomesKey,
} from '../../../domain/object-key.ts';
import { readVolumeReport } from '../../../activities/restore/volume-report.ts';
import { readJsonGz, writeJsonGz } from '../../../storage/json-file.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';

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

  // The cast: the plan needs nothing of a worker's clients but the store.
  const deps = { store: () => store } as unknown as Dependencies;
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
