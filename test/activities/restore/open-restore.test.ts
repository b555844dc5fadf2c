import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { OpenResult, TakenOver } from '../../../activities/contract.ts';
import { openCluster } from '../../../activities/kubernetes/client.ts';
import { openRestore } from '../../../activities/restore/open-restore.ts';
import { backupKeys, pluginCallKey, restoreKeys } from '../../../domain/object-key.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import { changeClaim } from '../../../storage/change-claim.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { removeTombstone, writeTombstone } from '../../../storage/tombstones.ts';
import { keysUnder } from '../../support/archive-items.ts';
import { racedStore } from '../../support/raced-store.ts';
import { storeBackup, typeOf } from '../../support/stored-backup.ts';
import { NO_VOLUMES } from '../../support/no-volumes.ts';

// Goal: a restore that cannot do what it is asked for is refused, and leaves nothing in the location.

const SHOP = { includedNamespaces: ['shop'], excludedResources: ['widgets'] };
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-open-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  await storeBackup(store, 'b', [
    {
      type: typeOf('ConfigMap', 'configmaps'),
      object: { metadata: { name: 'a', namespace: 'shop' } },
    },
    {
      type: typeOf('Widget', 'widgets.open.test'),
      object: { metadata: { name: 'w', namespace: 'shop' } },
    },
    { type: typeOf('Namespace', 'namespaces', false), object: { metadata: { name: 'shop' } } },
  ]);
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function open(
  spec: Partial<RestoreSpec> = {},
  more: TakenOver & { readonly runUid?: string } = {},
  of = store,
): Promise<OpenResult> {
  const cluster = openCluster();
  try {
    return await openRestore(
      {
        cluster,
        ...NO_VOLUMES,
        store: () => of,
        installation: 'test',
        namespace: 'holdfast',
        isServed: () => Promise.resolve(true),
      },
      {
        ...{ location: 'default', name: 'r', runUid: 'run', specDigest: 'digest' },
        ...{ startTimestamp: '2026-01-01T00:00:00Z', ...more },
        spec: {
          ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
          ...{ excludedNamespaces: [], namespaceMapping: {} },
          ...spec,
        },
      },
    );
  } finally {
    await cluster.close();
  }
}

test('a restore of a namespace that the backup holds is accepted, and its name is claimed', async () => {
  expect(await open(SHOP)).toMatchObject({ kind: 'accepted' });
  expect(await keysUnder(store, 'restores/')).toEqual([
    'restores/r/holdfast.json',
    'restores/r/work/run/rules.json.gz',
  ]);
});

test('what plugins have begun for a restore that was cut off stays known until they were told', async () => {
  await open(SHOP, { runUid: 'dead' });
  const { folder: restoreFolder } = restoreKeys('r');
  const call = pluginCallKey(restoreFolder, { runUid: 'dead', attempt: 'a', call: 0 });
  await store.put(call, Buffer.from('{}'));
  expect(await open(SHOP)).toEqual({ kind: 'left', runUid: 'dead', cluster: 'local' });
  expect(await keysUnder(store, 'restores/')).toContain(call);
  expect(await open(SHOP, { endedUid: 'dead' })).toEqual({ kind: 'accepted' });
  expect(await keysUnder(store, 'restores/')).not.toContain(call);
});

test('a backup whose deletion has begun is not restored any more, and one after it is', async () => {
  const since = '2026-01-01T00:00:00Z';
  await writeTombstone(store, { name: 'b', runUid: 'earlier' }, since);
  expect(await open(SHOP)).toMatchObject({ kind: 'accepted' });
  await store.remove(await keysUnder(store, 'restores/'));
  await writeTombstone(store, { name: 'b', runUid: 'uid-b' }, since);
  const refused = { kind: 'refused', failure: { code: 'being-deleted' } };
  expect(await open(SHOP)).toMatchObject(refused);
  expect(await keysUnder(store, 'restores/')).toEqual([]);
  await removeTombstone(store, { name: 'b', runUid: 'uid-b' });
  await changeClaim(store, { name: 'b', runUid: 'uid-b' }, (claim) => ({
    ...claim,
    deletion: { since },
  }));
  expect(await open(SHOP)).toMatchObject(refused);
});

test('a backup that goes while its restore claims the name is not restored', async () => {
  const write = async () => store.remove(await keysUnder(store, 'backups/'));
  const busy = racedStore(store, { key: 'restores/r/holdfast.json', times: 1, write });
  expect(await open(SHOP, {}, busy)).toMatchObject({
    ...{ kind: 'refused', failure: { code: 'backup-not-found' } },
  });
  expect(await keysUnder(store, 'restores/')).toEqual([]);
});

test.each<[string, Partial<RestoreSpec>]>([
  ['namespace-not-found', { includedNamespaces: ['typo'] }],
  ['namespace-not-found', { namespaceMapping: { typo: 'copy' } }],
  ['nothing-selected', { excludedNamespaces: ['shop'] }],
  ['nothing-selected', { includedResources: ['deploy'] }],
  ['type-not-found', { includedResources: ['cm', 'typos'] }],
  ['type-not-restorable', { includedResources: ['no'] }],
  ['modifier-not-usable', { resourceModifier: { kind: 'configmap', name: 'absent' } }],
  ['type-not-served', {}],
  ['type-not-served', { includedResources: ['widget'] }],
])('%s refuses %o, and leaves nothing', async (code, spec) => {
  expect(await open(spec)).toMatchObject({ kind: 'refused', failure: { code } });
  expect(await keysUnder(store, 'restores/')).toEqual([]);
});

test('a backup without an index, as those of Velero, is refused with that reason', async () => {
  const { claim, index } = backupKeys('b');
  await store.remove([claim, index]);
  expect(await open()).toMatchObject({
    kind: 'refused',
    failure: { code: 'backup-not-usable', message: expect.stringContaining('index') as string },
  });
  expect(await keysUnder(store, 'restores/')).toEqual([]);
});
