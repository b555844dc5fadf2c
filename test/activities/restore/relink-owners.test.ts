import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { KubernetesObject, OwnerReference } from '../../../domain/item.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: a restored object belongs to the owners that it had, by the uids of now. Method: the activities run against the
// real API server, which would collect an object whose owner is not there.

const cluster = openCluster();
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
let steps: RestoreSteps;
let namespace: string;

beforeEach(async () => {
  namespace = await freshNamespace('relink');
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

function configMap(name: string, owners: readonly string[] = []): ArchiveItem {
  const ownerReferences = owners.map((owner): OwnerReference => {
    return { apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid: `old-${owner}` };
  });
  const uid = `old-${name}`;
  return { type: CONFIG_MAP, object: { metadata: { name, namespace, uid, ownerReferences } } };
}

function read(name: string): Promise<KubernetesObject | undefined> {
  return cluster.read(CONFIG_MAP, { ...CONFIG_MAP, namespace, name });
}

async function restoreAll(restore = steps) {
  const shards = await restore.apply(cluster, await restore.plan(cluster));
  const relinked = await restore.relink(cluster, shards);
  const result = await restore.finish(cluster, shards, {
    kind: 'applied',
    relinkAttempt: relinked.attempt,
  });
  return { shards, relinked, result };
}

test('restored objects have the uids of their restored owners, and the second pass finds nothing to do', async () => {
  steps = await RestoreSteps.of([configMap('a-child', ['parent']), configMap('parent')]);
  const { shards, relinked, result } = await restoreAll();
  expect(relinked.linked).toBe(1);
  expect(result.counts).toMatchObject({ created: 2, failed: 0 });
  const [parent, child] = await Promise.all([read('parent'), read('a-child')]);
  expect(child?.metadata.ownerReferences).toMatchObject([{ uid: parent?.metadata.uid }]);
  expect((await steps.relink(cluster, shards)).linked).toBe(0);
  expect((await read('a-child'))?.metadata.resourceVersion).toBe(child?.metadata.resourceVersion);
});

test('an owner that is not restored is left out, and the report says so', async () => {
  steps = await RestoreSteps.of([configMap('child', ['gone', 'parent']), configMap('parent')]);
  const { result } = await restoreAll();
  expect(result).toMatchObject({ phase: 'Completed', counts: { created: 2 } });
  const [parent, child] = await Promise.all([read('parent'), read('child')]);
  expect(child?.metadata.ownerReferences).toMatchObject([{ uid: parent?.metadata.uid }]);
  expect(await readJsonGz(steps.store, restoreKeys('r').results)).toMatchObject({
    warnings: {
      namespaces: {
        [namespace]: [
          'ConfigMap ' +
            `${namespace}/child: the cluster has no ConfigMap gone, which owned it; it is left without that owner`,
        ],
      },
    },
  });
});

test('an object that was there and is left alone keeps the owners that it had', async () => {
  steps = await RestoreSteps.of([configMap('child', ['parent']), configMap('parent')]);
  await cluster.create(CONFIG_MAP, { metadata: { name: 'child', namespace }, data: { mine: 'x' } });
  const { relinked } = await restoreAll();
  expect(relinked.linked).toBe(0);
  expect((await read('child'))?.metadata.ownerReferences).toBeUndefined();
});

/** A restore that is cancelled when its last wave has ended. */
async function restoreWithoutOwners(items: readonly ArchiveItem[]): Promise<void> {
  steps = await RestoreSteps.of(items);
  const shards = await steps.apply(cluster, await steps.plan(cluster));
  await steps.finish(cluster, shards, { kind: 'cancelled' });
}

test('objects of a restore that ended before it gave owners get them by one that tries it again', async () => {
  await restoreWithoutOwners([configMap('child', ['parent']), configMap('parent')]);
  expect((await read('child'))?.metadata.ownerReferences).toBeUndefined();
  const before = await read('parent');
  const again = await steps.again('again');
  const { relinked, result } = await restoreAll(again);
  expect(relinked.linked).toBe(1);
  expect(result).toMatchObject({ items: 1, counts: { updated: 1 }, warnings: 0 });
  const [parent, child] = await Promise.all([read('parent'), read('child')]);
  expect(child?.metadata.ownerReferences).toMatchObject([{ uid: parent?.metadata.uid }]);
  expect(parent?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
});

test('owners that are given twice leave the object as it is', async () => {
  await restoreWithoutOwners([configMap('child', ['parent']), configMap('parent')]);
  await restoreAll(await steps.again('again'));
  const before = await read('child');
  const { relinked, result } = await restoreAll(await steps.again('once-more'));
  expect(relinked.linked).toBe(0);
  expect(result.counts).toMatchObject({ unchanged: 1, updated: 0 });
  expect((await read('child'))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
});

test('owners that an attempt had given before it died count as an update all the same', async () => {
  await restoreWithoutOwners([configMap('child', ['parent']), configMap('parent')]);
  const again = await steps.again('again');
  const shards = await again.apply(cluster, await again.plan(cluster));
  expect((await again.relink(cluster, shards)).linked).toBe(1);
  const { linked, attempt: relinkAttempt } = await again.relink(cluster, shards);
  expect(linked).toBe(0);
  const result = await again.finish(cluster, shards, { kind: 'applied', relinkAttempt });
  expect(result).toMatchObject({ items: 1, counts: { updated: 1, unchanged: 0 } });
});

test('a namespace that owns something is found by the name that it has now', async () => {
  const type = typeOf('Namespace', 'namespaces', false);
  const source = `${namespace}-source`;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Namespace', name: source, uid: 'old' }];
  const metadata = { name: 'child', namespace: source, ownerReferences };
  steps = await RestoreSteps.of([{ type: CONFIG_MAP, object: { metadata } }], {
    namespaceMapping: { [source]: namespace },
  });
  await restoreAll();
  const owner = await cluster.read(type, { ...type, namespace: '', name: namespace });
  expect((await read('child'))?.metadata.ownerReferences).toMatchObject([
    { kind: 'Namespace', name: namespace, uid: owner?.metadata.uid },
  ]);
});

test('what somebody made in the place of a restored object gets no owners', async () => {
  await restoreWithoutOwners([configMap('child', ['parent']), configMap('parent')]);
  await kubectl('-n', namespace, 'delete', 'configmap', 'child');
  await kubectl('-n', namespace, 'create', 'configmap', 'child');
  const { relinked, result } = await restoreAll(await steps.again('again'));
  expect(relinked.linked).toBe(0);
  expect(result.counts).toMatchObject({ unchanged: 1 });
  expect((await read('child'))?.metadata.ownerReferences).toBeUndefined();
});
