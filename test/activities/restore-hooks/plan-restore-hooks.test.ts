import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Dependencies } from '../../../activities/dependencies.ts';
import { HookFiles } from '../../../activities/restore-hooks/hook-files.ts';
import { planRestoreHooks } from '../../../activities/restore-hooks/plan-restore-hooks.ts';
import { restoreFolder, shardOutcomesKey } from '../../../domain/object-key.ts';
import type { AppliedItem } from '../../../domain/restore/restore-outcome.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';

const RUN = { location: 'default', name: 'r', runUid: 'run' };
const POD = { ...{ group: '', resource: 'pods', version: 'v1', kind: 'Pod' }, namespace: 'copy' };

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

async function storeShard(shard: number, outcomes: readonly AppliedItem[]) {
  const key = { runUid: 'run', shard, attempt: 'a' };
  await writeJsonGz(store, shardOutcomesKey(restoreFolder('r'), key), outcomes);
  return { shard, attempt: 'a' };
}

test('pods that have hooks are stored in batches that one activity can wait for', async () => {
  const pods = Array.from({ length: 205 }, (_, index): AppliedItem => {
    const verb = 'created';
    return {
      ...POD,
      name: `p${String(index)}`,
      verb,
      ...(index % 2 === 0 ? { hasHooks: true } : {}),
    };
  });
  const shards = [await storeShard(1, pods.slice(0, 80)), await storeShard(2, pods.slice(80))];
  // The cast: the activity uses no more of its dependencies.
  const deps = { store: () => store } as unknown as Dependencies;
  const plan = (): ReturnType<typeof planRestoreHooks> =>
    inActivity(() => planRestoreHooks(deps, { ...RUN, shards }));
  expect(await plan()).toEqual({ pods: 103, batches: 2 });
  expect(await plan()).toEqual({ pods: 103, batches: 2 });
  const batches = [0, 1].map((batch) => new HookFiles(store, { ...RUN, batch }).readPods());
  const [first = [], second] = await Promise.all(batches);
  expect(first).toHaveLength(100);
  expect(first[1]).toEqual({ namespace: 'copy', name: 'p2' });
  expect(second?.map(({ name }) => name)).toEqual(['p200', 'p202', 'p204']);
});
