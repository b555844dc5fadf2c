import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { KubernetesObject } from '../../domain/item.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { writesIn } from '../support/audit-log.ts';
import { ClusterApi, type ClusterApiNames } from '../support/cluster-api.ts';
import { EmptyCluster } from '../support/empty-cluster.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: what owns comes before what it owns, without anybody naming it, and points at it afterwards. Method: the types
// of Cluster API, whose order by name is wrong, in a cluster of the test's own; its audit log tells the order of
// creation, and its garbage collector takes away what points at an owner that is not there.

const COLLECTOR_WAIT_MS = 5000;
/** In the order of names each owned object is before its owner; then the other way round. */
const NAMES: ClusterApiNames[] = [
  {
    clusterClass: 'e-class',
    cluster: 'd-cluster',
    resourceSet: 'c-set',
    machine: 'b',
    binding: 'a',
  },
  {
    clusterClass: 'a-class',
    cluster: 'b-cluster',
    resourceSet: 'c-set',
    machine: 'd',
    binding: 'e',
  },
];
let cluster: EmptyCluster;
let installation: Installation;

beforeAll(async () => {
  cluster = await EmptyCluster.start({ hasControllers: true, hasAuditLog: true });
  installation = await Installation.start({ kubeconfig: cluster.kubeconfig });
});

afterAll(async () => {
  await installation.stop();
  await cluster.stop();
});

async function backUp(name: string): Promise<void> {
  const answer = await installation.createBackup(name, [name]);
  expect(answer.status).toBe(202);
  expect((await installation.ended('backups', name)).status.phase).toBe('Completed');
}

async function restore(name: string): Promise<void> {
  expect((await installation.createRestore(name, { backupName: name })).status).toBe(202);
  expect((await installation.ended('restores', name)).status).toMatchObject({
    phase: 'Completed',
    counts: { failed: 0 },
  });
}

test.each(NAMES)('owners of Cluster API come first and are pointed at: $binding', async (names) => {
  const api = new ClusterApi(cluster.kubeconfig, `capi-${names.binding}`, names);
  await api.apply();
  const before = await api.read();
  expect(before.size).toBe(7);
  await backUp(api.namespace);
  await api.remove();

  const { length } = await writesIn(cluster.auditLog);
  await restore(api.namespace);
  const writes = (await writesIn(cluster.auditLog)).slice(length);
  const after = await api.read();
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort());

  const created = writes
    .filter(({ verb, namespace }) => verb === 'create' && namespace === api.namespace)
    .map(({ resource, name }) => `${resource}/${name}`);
  const { cluster: owner, machine, resourceSet, binding } = names;
  for (const [first, then] of [
    [`clusters/${owner}`, `machines/${machine}`],
    [`clusters/${owner}`, `clusterresourcesetbindings/${binding}`],
    [`clusterresourcesets/${resourceSet}`, `clusterresourcesetbindings/${binding}`],
  ] as const) {
    expect(created).toContain(first);
    expect(created.slice(created.indexOf(first))).toContain(then);
  }

  expect(ownersOf(after)).toEqual(ownersOf(before));
  expectLiveOwners(after);
  await sleep(COLLECTOR_WAIT_MS);
  expect([...(await api.read()).keys()].sort()).toEqual([...before.keys()].sort());
});

/** The owners of each object, by all that does not change when an owner is made anew. */
function ownersOf(objects: ReadonlyMap<string, KubernetesObject>): unknown {
  return Object.fromEntries(
    [...objects].map(([name, { metadata }]) => [
      name,
      (metadata.ownerReferences ?? []).map((reference) => ({ ...reference, uid: '' })),
    ]),
  );
}

/** Each owner reference has the uid that the owner has now. */
function expectLiveOwners(objects: ReadonlyMap<string, KubernetesObject>): void {
  const references = [...objects.values()].flatMap(
    ({ metadata }) => metadata.ownerReferences ?? [],
  );
  expect(references.length).toBeGreaterThan(0);
  for (const { kind, name, uid } of references) {
    expect({ kind, name, uid }).toEqual({
      ...{ kind, name },
      uid: objects.get(`${kind}/${name}`)?.metadata.uid,
    });
  }
}

test('a pod belongs to its replica set, and that to its deployment, right after the restore', async () => {
  const namespace = 'workload';
  await applyYaml(DEPLOYMENT, cluster.kubeconfig);
  await expect.poll(async () => (await workload(namespace)).size, { timeout: 30_000 }).toBe(4);
  const before = await workload(namespace);
  await backUp(namespace);
  await kubectl('--kubeconfig', cluster.kubeconfig, 'delete', 'namespace', namespace);
  await restore(namespace);
  const after = await workload(namespace);
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  expect(ownersOf(after)).toEqual(ownersOf(before));
  expectLiveOwners(after);
});

async function workload(namespace: string): Promise<ReadonlyMap<string, KubernetesObject>> {
  const args = ['get', 'deployments,replicasets,pods', '-o', 'json'];
  const text = await kubectl('--kubeconfig', cluster.kubeconfig, '-n', namespace, ...args);
  // What kubectl prints are the API server's own objects.
  const { items } = JSON.parse(text) as { items: KubernetesObject[] };
  return new Map(items.map((object) => [`${object.kind ?? ''}/${object.metadata.name}`, object]));
}

const DEPLOYMENT = `
apiVersion: v1
kind: Namespace
metadata: {name: workload}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: workload}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "holdfast.test/busybox:1.35"}]
`;
