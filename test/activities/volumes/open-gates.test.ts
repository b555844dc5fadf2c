import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Dependencies } from '../../../activities/dependencies.ts';
import type { ItemReference } from '../../../domain/item.ts';
import { openGates } from '../../../activities/volumes/open-gates.ts';
import { RESTORE_MARK } from '../../../domain/restore/clean-object.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';
import { type HeldObject, memoryCluster } from '../../support/memory-cluster.ts';
import { claimOfRestore } from '../../support/stored-restore.ts';

// Goal: when a restore is over, whatever became of it, none of its pods waits for data. Method: pods of this restore and of
// others in a cluster in memory, and what the activity writes to them.

const RUN = { location: 'default', name: 'r', runUid: 'uid-r' };
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-gates-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface PodState {
  readonly runUid?: string;
  readonly phase?: string;
  readonly init?: string;
}

function pod(name: string, { runUid = 'uid-r', phase = 'Pending', init }: PodState): HeldObject {
  const metadata = {
    ...{ namespace: 'shop', name, labels: { 'velero.io/restore-name': 'r' } },
    annotations: { [RESTORE_MARK]: `${runUid}:created:pods/shop/${name}` },
  };
  const spec = { initContainers: [{ name: init ?? 'holdfast-gate' }] };
  return { type: 'pods', object: { metadata, spec, status: { phase } } };
}

test('pods of the restore that are at their gate, or before it, are let go, and no others', async () => {
  await store.put(restoreKeys('r').claim, Buffer.from(JSON.stringify(claimOfRestore('r'))));
  const patched: unknown[] = [];
  const cluster = {
    ...memoryCluster(
      [],
      [
        pod('waits', {}),
        pod('runs', { phase: 'Running' }),
        pod('of-another', { runUid: 'uid-other' }),
        pod('without', { init: 'own' }),
      ],
    ),
    patch: (_: unknown, { namespace, name }: ItemReference, { merge }: { merge: object }) => {
      patched.push([`${namespace}/${name}`, merge]);
      return Promise.resolve({});
    },
  };
  // The cast: only what the activity uses of a worker's clients is there.
  const deps = { cluster, store: () => store } as unknown as Dependencies;
  await inActivity(() => openGates(deps, RUN));
  expect(patched).toEqual([
    ['shop/waits', { metadata: { annotations: { 'holdfast.dev/gate-open': 'uid-r' } } }],
  ]);
});
