import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import { planRestore } from '../../../activities/restore/plan-restore.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { inActivity } from '../../support/activity-context.ts';
import { storeBackup, typeOf } from '../../support/stored-backup.ts';

// Goal: the plan of a restore holds what the request asks for, and says what it leaves out.

let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-plan-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  await storeBackup(store, 'b', [
    {
      type: typeOf('ConfigMap', 'configmaps'),
      object: { metadata: { name: 'a', namespace: 'shop' } },
    },
    { type: typeOf('Namespace', 'namespaces', false), object: { metadata: { name: 'shop' } } },
  ]);
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

function plan(spec: Partial<RestoreSpec>) {
  const run = {
    ...{ location: 'default', name: 'r', runUid: 'run' },
    spec: {
      ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
      ...{ excludedNamespaces: [], namespaceMapping: {} },
      ...spec,
    },
  };
  return inActivity(() => planRestore({ cluster: openCluster(), store: () => store }, run));
}

test('namespaces come before what is in them', async () => {
  expect(await plan({ includedNamespaces: ['shop'] })).toMatchObject({
    items: 2,
    waves: [
      { name: 'namespaces', items: 1 },
      { name: 'access', items: 1 },
    ],
  });
});

test('a plan that selects nothing fails, where the index was too large for the open step', async () => {
  await expect(plan({ excludedNamespaces: ['shop'] })).rejects.toMatchObject({
    code: 'nothing-selected',
  });
  await expect(plan({ includedNamespaces: ['typo'] })).rejects.toMatchObject({
    code: 'namespace-not-found',
    subject: 'spec.includedNamespaces',
  });
});
