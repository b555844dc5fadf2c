import { afterEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import { readRestoreClaim, readRestorePlan } from '../../../activities/restore/restore-run.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: the plan of a restore holds what the request asks for, and says what it leaves out.

const cluster = openCluster();
let steps: RestoreSteps;

afterEach(async () => {
  await steps.remove();
});

function claim(name: string, namespace: string): ArchiveItem {
  const metadata = { name, namespace, uid: `uid-${namespace}-${name}` };
  return { type: typeOf('PersistentVolumeClaim', 'persistentvolumeclaims'), object: { metadata } };
}

function volume(name: string, claimUid: string, policy: string): ArchiveItem {
  const spec = { persistentVolumeReclaimPolicy: policy, claimRef: { uid: claimUid } };
  const object: KubernetesObject = { metadata: { name }, spec };
  return { type: typeOf('PersistentVolume', 'persistentvolumes', false), object };
}

const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const NAMESPACE = typeOf('Namespace', 'namespaces', false);
const HELD: readonly ArchiveItem[] = [
  { type: CONFIG_MAP, object: { metadata: { name: 'a', namespace: 'bare' } } },
  { type: CONFIG_MAP, object: { metadata: { name: 'a', namespace: 'shop' } } },
  { type: NAMESPACE, object: { metadata: { name: 'shop' } } },
  { type: typeOf('Node', 'nodes', false), object: { metadata: { name: 'node-a' } } },
  claim('kept', 'shop'),
  claim('fresh', 'shop'),
  claim('kept', 'bare'),
  {
    type: { ...CONFIG_MAP, version: 'v1beta1' },
    object: { metadata: { name: 'a', namespace: 'shop' } },
    isOtherVersion: true,
  },
  volume('kept-of-shop', 'uid-shop-kept', 'Retain'),
  volume('fresh-of-shop', 'uid-shop-fresh', 'Delete'),
  volume('kept-of-bare', 'uid-bare-kept', 'Retain'),
];

/** Parts of a Holdfast; the cluster serves no such type. */
const OWN: readonly ArchiveItem[] = [
  { type: NAMESPACE, object: { metadata: { name: 'holdfast' } } },
  { type: CONFIG_MAP, object: { metadata: { name: 'a', namespace: 'holdfast' } } },
  claim('state', 'holdfast'),
  {
    type: typeOf('StorageLocation', 'storagelocations.holdfast.dev'),
    object: { metadata: { name: 'a', namespace: 'shop' } },
  },
];

async function plan(spec: Partial<RestoreSpec>, held = HELD) {
  steps = await RestoreSteps.of(held, spec);
  const { items, waves } = await steps.plan(cluster);
  const { keptVolumes, leftOut } = await readRestorePlan(steps.store, steps.run);
  return {
    items,
    keptVolumes,
    waves: Object.fromEntries(waves.map((wave) => [wave.name, wave.items])),
    leftOut: Object.fromEntries(
      leftOut.map((left) => [`${left.type ?? ''}: ${left.reason}`, left.items]),
    ),
  };
}

test('a restore of one namespace takes the volumes that its claims keep, and counts what it leaves', async () => {
  expect(await plan({ includedNamespaces: ['shop'] })).toEqual({
    items: 5,
    keptVolumes: ['kept-of-shop'],
    waves: { namespaces: 1, classes: 1, claims: 2, access: 1 },
    leftOut: {
      'configmaps: it is restored in another version': 1,
      'configmaps: the request does not select it': 1,
      'nodes: no restore touches objects of this type': 1,
      'persistentvolumeclaims: the request does not select it': 1,
      'persistentvolumes: the volume is provisioned anew for its claim': 1,
      'persistentvolumes: the request does not select it': 1,
    },
  });
});

test('a restore of a whole cluster leaves out the Holdfast of the backup, and says so', async () => {
  const { leftOut, ...whole } = await plan({});
  await steps.remove();
  const beside = await plan({}, [...HELD, ...OWN]);
  const own = 'it is part of Holdfast itself; name its namespace, or its type with the group';
  expect(beside).toEqual({
    ...whole,
    leftOut: {
      ...leftOut,
      [`configmaps: ${own}, to restore it`]: 1,
      [`namespaces: ${own}, to restore it`]: 1,
      [`persistentvolumeclaims: ${own}, to restore it`]: 1,
      [`storagelocations.holdfast.dev: ${own}, to restore it`]: 1,
    },
  });
  await steps.remove();
  const named = await plan({ includedNamespaces: ['holdfast'] }, [...HELD, ...OWN]);
  expect(named).toMatchObject({ items: 3, waves: { namespaces: 1, access: 1, claims: 1 } });
});

test('a restore by labels takes the claim of a pod that matches, and the volume of that', async () => {
  const labels = { app: 'web' };
  const pod: KubernetesObject = {
    metadata: { name: 'web', namespace: 'shop', labels },
    spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'kept' } }] },
  };
  const held = [...HELD, { type: typeOf('Pod', 'pods'), object: pod }];
  expect(await plan({ labelSelector: { matchLabels: labels } }, held)).toMatchObject({
    waves: { namespaces: 1, classes: 1, claims: 1, pods: 1 },
    keptVolumes: ['kept-of-shop'],
    leftOut: { 'persistentvolumeclaims: the request does not select it': 2 },
  });
});

test('a namespace that the backup holds objects of, and not itself, is restored before them', async () => {
  expect(await plan({ includedNamespaces: ['bare'] })).toMatchObject({
    waves: { namespaces: 1, access: 1 },
  });
});

test('a plan that selects nothing fails, where the index was too large for the open step', async () => {
  await expect(plan({ excludedNamespaces: ['shop', 'bare'] })).resolves.toMatchObject({ items: 3 });
  await steps.remove();
  await expect(plan({ includedNamespaces: ['typo'] })).rejects.toMatchObject({
    code: 'namespace-not-found',
    subject: 'spec.includedNamespaces',
  });
});

test('a plan that makes one namespace of two fails, where the index was too large for the open step', async () => {
  await expect(plan({ namespaceMapping: { bare: 'shop' } })).rejects.toMatchObject({
    code: 'mapping-not-usable',
    subject: 'spec.namespaceMapping',
  });
});

test('a run whose name another one has claimed meanwhile plans nothing', async () => {
  steps = await RestoreSteps.of(HELD);
  const other = { ...steps.run, runUid: 'other' };
  await expect(readRestoreClaim(steps.store, other)).rejects.toMatchObject({
    code: 'precondition-failed',
    subject: restoreKeys('r').claim,
  });
});
