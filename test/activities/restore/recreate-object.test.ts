import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import type { AppliedShard, PlanRestoreResult } from '../../../activities/contract.ts';
import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import {
  apiVersionOf,
  type KubernetesObject,
  type OwnerReference,
  type ResourceType,
} from '../../../domain/item.ts';
import { replacedObjectKey, restoreKeys } from '../../../domain/object-key.ts';
import type { RestoreCounts } from '../../../domain/restore.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import { type Applied, applyYaml } from '../../support/applied-yaml.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { wrapped } from '../../support/wrapped-cluster.ts';

// Goal: what an object owns that is made anew is taken over by the new one, or goes where that cannot be; no data goes.
// Method: the activities run against the real API server, with the garbage collector and the controllers of Kubernetes.

const cluster = openCluster();
const group = `r${String(process.pid)}.holdfast.test`;
const FOLLOWED = { timeout: 30_000 };
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const DEPLOYMENT = typeOf('Deployment', 'deployments.apps');
const REPLICA_SET = typeOf('ReplicaSet', 'replicasets.apps');
const STATEFUL_SET = typeOf('StatefulSet', 'statefulsets.apps');
const SETTING = typeOf('Setting', `settings.${group}`);
let definition: Applied;
let steps: RestoreSteps;
let namespace: string;

beforeAll(async () => {
  definition = await applyYaml(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: settings.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {plural: settings, kind: Setting}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties: {size: {type: integer, x-kubernetes-validations: [{rule: self == oldSelf}]}}
`);
  await kubectl('wait', '--for=condition=Established', `crd/settings.${group}`, '--timeout=60s');
});

beforeEach(async () => {
  namespace = await freshNamespace('recreate');
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await definition.remove();
  await cluster.close();
});

async function read(type: ResourceType, name = 'one'): Promise<KubernetesObject | undefined> {
  return cluster.read(type, { ...type, namespace, name });
}

async function there(type: ResourceType, object: object): Promise<KubernetesObject> {
  const { kind } = type;
  const apiVersion = apiVersionOf(type);
  const whole = { apiVersion, kind, metadata: { name: 'one', namespace }, ...object };
  await cluster.create(type, whole);
  return (await read(type)) ?? whole;
}

/** Restores over what the cluster has, as the workflow does. */
async function restoreOver(items: readonly ArchiveItem[]): Promise<RestoreCounts> {
  steps = await RestoreSteps.of(items, { existingResourcePolicy: 'recreate' });
  const shards = await steps.apply(cluster, await steps.plan(cluster));
  const { attempt: relinkAttempt } = await steps.relink(cluster, shards);
  const { counts } = await steps.finish(cluster, shards, { kind: 'applied', relinkAttempt });
  return counts;
}

function stored(type: ResourceType, object: object): ArchiveItem {
  return { type, object: { metadata: { name: 'one', namespace }, ...object } };
}

function ownersOf(object: KubernetesObject | undefined): readonly string[] {
  return (object?.metadata.ownerReferences ?? []).map(({ uid }) => uid);
}

function refer(type: ResourceType, owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name: 'one',
    uid: owner.metadata.uid ?? '',
  };
}

test('what a custom resource owns outlives it, and is owned by the new one', async () => {
  const live = await there(SETTING, { spec: { size: 1 } });
  const ownerReferences = [refer(SETTING, live)];
  const metadata = { name: 'one', namespace, ownerReferences };
  const before = await there(CONFIG_MAP, { metadata, data: { a: 'same' } });
  const other = { metadata: { ...metadata, name: 'not-in-the-backup' } };
  await cluster.create(CONFIG_MAP, other);

  const items = [
    stored(SETTING, { metadata: live.metadata, spec: { size: 2 } }),
    stored(CONFIG_MAP, before),
  ];
  expect(await restoreOver(items)).toMatchObject({ recreated: 1, updated: 0, failed: 0 });
  const anew = await read(SETTING);
  expect(anew).toMatchObject({ spec: { size: 2 } });
  expect(anew?.metadata.uid).not.toBe(live.metadata.uid);
  const after = await read(CONFIG_MAP);
  expect(after?.metadata.uid).toBe(before.metadata.uid);
  expect(ownersOf(after)).toEqual([anew?.metadata.uid]);
  // Nobody owns it, so nothing takes it along.
  const kept = await read(CONFIG_MAP, other.metadata.name);
  expect(kept && ownersOf(kept)).toEqual([]);
});

/** A workload of no pods, or of pods that never run. */
function workload(labels: Readonly<Record<string, string>>, more: object = {}): object {
  const containers = [{ name: 'main', image: 'holdfast.test/nothing:1', imagePullPolicy: 'Never' }];
  const template = { metadata: { labels }, spec: { containers } };
  return { spec: { replicas: 0, selector: { matchLabels: labels }, template, ...more } };
}

async function replicaSets(): Promise<KubernetesObject[]> {
  const { signal } = new AbortController();
  const scope = { type: REPLICA_SET, namespace };
  const found: KubernetesObject[] = [];
  for await (const page of cluster.listPages(scope, { signal, isMixedAllowed: false })) {
    found.push(...page.map(({ object }) => object));
  }
  return found;
}

async function deploymentWithSet(labels: Readonly<Record<string, string>>): Promise<string> {
  await there(DEPLOYMENT, workload(labels));
  await expect.poll(async () => (await replicaSets()).length, FOLLOWED).toBe(1);
  return (await replicaSets())[0]?.metadata.uid ?? '';
}

test('a deployment takes over what its selector finds of the one before', async () => {
  const set = await deploymentWithSet({ app: 'one', tier: 'front' });
  expect(await restoreOver([stored(DEPLOYMENT, workload({ app: 'one' }))])).toMatchObject({
    recreated: 1,
  });
  const uid = (await read(DEPLOYMENT))?.metadata.uid;
  const ofOld = async () => (await replicaSets()).find((one) => one.metadata.uid === set);
  await expect.poll(async () => ownersOf(await ofOld()), FOLLOWED).toEqual([uid]);
});

test('what the selector of the new deployment does not find goes with the old one', async () => {
  const set = await deploymentWithSet({ app: 'old' });
  expect(await restoreOver([stored(DEPLOYMENT, workload({ app: 'one' }))])).toMatchObject({
    recreated: 1,
  });
  const uids = async () => (await replicaSets()).map(({ metadata }) => metadata.uid);
  await expect.poll(uids, FOLLOWED).not.toContain(set);
});

/** Applies a plan, and cancels the restore when it has deleted the object that is to be made anew. */
function cancelAfterRemoval(plan: PlanRestoreResult): Promise<readonly AppliedShard[]> {
  const cancel = new AbortController();
  const cancelling = wrapped(cluster, {
    remove: async (...args: Parameters<Cluster['remove']>) => {
      await cluster.remove(...args);
      cancel.abort(new Error('cancelled'));
    },
  });
  return steps.apply(cancelling, plan, { signal: cancel.signal });
}

const FIXED = { immutable: true, data: { a: 'live' } };
const FIXED_ANEW = { immutable: true, data: { a: 'stored' } };

test('a restore that is cancelled while a deleted object is held says where that is kept', async () => {
  const metadata = { name: 'one', namespace, finalizers: ['holdfast.dev/test'] };
  const { metadata: before } = await there(CONFIG_MAP, { ...FIXED, metadata });
  steps = await RestoreSteps.of([stored(CONFIG_MAP, FIXED_ANEW)], {
    existingResourcePolicy: 'recreate',
  });
  const plan = await steps.plan(cluster);
  await expect(cancelAfterRemoval(plan)).rejects.toThrow('cancelled');
  expect(await steps.finish(cluster, [], { kind: 'cancelled' })).toMatchObject({
    counts: { failed: 1, recreated: 0 },
  });
  const item = { ...CONFIG_MAP, namespace, name: 'one' };
  const text = JSON.stringify(await readJsonGz(steps.store, restoreKeys('r').results));
  expect(text).toContain('the restore ended while it was made anew');
  expect(text.split(replacedObjectKey('r', item, before.uid ?? '')).length - 1).toBe(1);

  // A worker that shuts down is no end: another attempt makes it anew, and is what counts.
  await cluster.patch(CONFIG_MAP, item, { merge: { metadata: { finalizers: null } } });
  const shards = await steps.apply(cluster, plan, { attempt: 2 });
  expect(await steps.finish(cluster, shards)).toMatchObject({
    counts: { recreated: 1, failed: 0 },
  });
});

test('a restore that is cancelled just before a deleted object is gone makes it anew all the same', async () => {
  const metadata = { name: 'one', namespace, finalizers: ['holdfast.dev/test'] };
  await there(CONFIG_MAP, { ...FIXED, metadata });
  steps = await RestoreSteps.of([stored(CONFIG_MAP, FIXED_ANEW)], {
    existingResourcePolicy: 'recreate',
  });
  const plan = await steps.plan(cluster);
  const applied = cancelAfterRemoval(plan);
  const leaving = async () => (await read(CONFIG_MAP))?.metadata.deletionTimestamp;
  await expect.poll(leaving, FOLLOWED).toBeDefined();
  await sleep(500);
  const merge = { metadata: { finalizers: null } };
  await cluster.patch(CONFIG_MAP, { ...CONFIG_MAP, namespace, name: 'one' }, { merge });
  await applied;
  expect(await read(CONFIG_MAP)).toMatchObject({ data: { a: 'stored' } });
});

test('a stateful set that would take the claims of its pods along is not deleted', async () => {
  const more = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } };
  const before = await there(STATEFUL_SET, workload({ app: 'old' }, more));
  expect(await restoreOver([stored(STATEFUL_SET, workload({ app: 'one' }, more))])).toMatchObject({
    recreated: 0,
    skipped: 1,
  });
  expect((await read(STATEFUL_SET))?.metadata.uid).toBe(before.metadata.uid);
  const results = await readJsonGz(steps.store, restoreKeys('r').results);
  expect(JSON.stringify(results)).toContain('the claims of its pods would go with it');
});
