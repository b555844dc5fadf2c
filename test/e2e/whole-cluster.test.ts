import { afterAll, beforeAll, expect, test } from 'vitest';

import type { IndexLine } from '../../domain/backup-index.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import { fields } from '../../domain/fields.ts';
import { groupResource, type KubernetesObject } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { readIndex } from '../../storage/format/index-file.ts';
import { readBodies } from '../../storage/format/read-bodies.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { type ClusterObject, listCluster, objectPath } from '../support/cluster-listing.ts';
import { startClusterWorker } from '../support/cluster-worker.ts';
import { EmptyCluster } from '../support/empty-cluster.ts';
import { applyEveryVolume } from '../support/every-volume.ts';
import { Installation } from '../support/installation.ts';
import { applyManyKinds } from '../support/many-kinds.ts';

// Goal: of a whole cluster nothing is missing, neither in its backup nor in a cluster that was empty before. Method:
// kubectl lists every type of the API server itself just before the backup and just after. What is in both lists has
// to be in the backup, and nothing may be in the backup that is in neither; the same is asked of the target. Other
// tests may use the cluster meanwhile: of what came or went, nothing is asked.

const namespace = `wc-${String(process.pid)}`;
const TARGET = 'target';
let installation: Installation;
let target: EmptyCluster;
/** How to end what was started, whatever became of the rest. */
const endings: Promise<() => Promise<void>>[] = [];

function start<Part>(part: Promise<Part>, end: (part: Part) => Promise<void>): Promise<Part> {
  const ending = (started: Part) => (): Promise<void> => end(started);
  endings.push(part.then(ending, () => () => Promise.resolve()));
  return part;
}

beforeAll(async () => {
  [installation, target] = await Promise.all([
    start(Installation.start(), (part) => part.stop()),
    start(EmptyCluster.start(), (part) => part.stop()),
    start(applyManyKinds(namespace), (part) => part.remove()),
    start(applyEveryVolume(`${namespace}-volumes`), (part) => part.remove()),
  ]);
  await start(applyYaml(ownYaml(installation.ownNamespace)), (part) => part.remove());
  const cluster = { cluster: TARGET, kubeconfig: target.kubeconfig };
  await start(startClusterWorker(installation, cluster), (part) => part.stop());
});

afterAll(async () => {
  for (const end of (await Promise.all(endings)).reverse()) {
    await end();
  }
});

test('a backup of the whole cluster holds every object of it, and so does its restore into an empty one', async () => {
  const before = await listCluster();
  // Objects are counted here: that the data of volumes is not copied would be a gap.
  const withoutData = { snapshotVolumes: false, defaultVolumesToFsBackup: false };
  const whole = { cluster: installation.name, includedNamespaces: ['*'], ...withoutData };
  await installation.request('POST', '/backups', { metadata: { name: 'all' }, spec: whole });
  const backup = await installation.ended('backups', 'all');
  const after = await listCluster();
  expect(backup.status).toMatchObject({ phase: 'Completed', errors: 0 });
  expect(backup.spec.cluster).toBe(installation.name);

  const items = await indexOf('all');
  const captured = new Set(items.map(pathOf));
  expect(captured.size).toBe(items.length);
  const settled = [...before.values()].filter((object) => isSettled(object, before, after));
  const expected = settled.filter((object) => !isLeftOut(object)).map(objectPath);
  expect(expected.filter((path) => !captured.has(path))).toEqual([]);
  expect([...captured].filter((path) => !before.has(path) && !after.has(path))).toEqual([]);
  expect(settled.filter(({ namespace: own }) => own === namespace).length).toBeGreaterThan(30);
  await expectReport(items);

  const spec = { cluster: TARGET, backupName: 'all' };
  expect((await installation.createRestore('all', spec)).status).toBe(202);
  const restore = await installation.ended('restores', 'all');
  expect(restore.spec.cluster).toBe(TARGET);
  const present = await listCluster(target.kubeconfig);
  const skipped = await skippedByRule(items);
  const missing = items.filter(
    (line) => !present.has(pathOf(line)) && !NEVER_RESTORED.has(groupResource(line)),
  );
  expect(missing.map(pathOf).filter((path) => !skipped.has(path))).toEqual([]);
  expect(restore.status).toMatchObject({ phase: 'Completed', counts: { failed: 0 } });
});

/** What is left out by default is Holdfast's own, and the report says so. */
async function expectReport(items: readonly IndexLine[]): Promise<void> {
  const path = '/backups/all/coverage';
  const { body: report } = await installation.request<CoverageReport>('GET', path);
  const { ownNamespace } = installation;
  expect(report.namespaces).toContainEqual({ name: ownNamespace, reason: 'holdfast' });
  expect(report.types.find(({ type }) => type === 'runs.holdfast.dev')).toMatchObject({
    ...{ expected: 0, captured: 0, reason: 'holdfast' },
  });
  const own = items.filter(
    ({ namespace: home, name, group }) =>
      home === ownNamespace || name === ownNamespace || group === 'holdfast.dev',
  );
  expect(own).toEqual([]);
  expect(report.items).toEqual({ expected: items.length, captured: items.length });
}

/** Holdfast's own namespace with something in it, and a resource of its own group. */
function ownYaml(own: string): string {
  return `
apiVersion: v1
kind: Namespace
metadata: { name: ${own} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: policies, namespace: ${own} }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: runs.holdfast.dev }
spec:
  group: holdfast.dev
  scope: Cluster
  names: { plural: runs, singular: run, kind: Run, listKind: RunList }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object } }
`;
}

/** Types that hold the objects of another one under a second name; the backup has them under the first. */
const TWINS = new Set(['events.events.k8s.io']);
/** Objects that stand for snapshots of this cluster's storage. */
const SNAPSHOT_TYPES = new Set([
  'volumesnapshots.snapshot.storage.k8s.io',
  'volumesnapshotcontents.snapshot.storage.k8s.io',
]);

/** What a backup without any filter leaves out on purpose. */
function isLeftOut({ type, namespace: own, name }: ClusterObject): boolean {
  const { ownNamespace } = installation;
  const isOfHoldfast =
    own === ownNamespace ||
    (type === 'namespaces' && name === ownNamespace) ||
    type.endsWith('.holdfast.dev');
  return TWINS.has(type) || SNAPSHOT_TYPES.has(type) || isOfHoldfast;
}

type Listing = ReadonlyMap<string, ClusterObject>;

/** Whether an object was there all the while, and neither it nor its namespace was about to go. */
function isSettled(object: ClusterObject, before: Listing, after: Listing): boolean {
  const path = objectPath({ type: 'namespaces', namespace: '', name: object.namespace });
  const homes = object.namespace === '' ? [] : [before.get(path), after.get(path)];
  const later = after.get(objectPath(object));
  return (
    later?.uid === object.uid &&
    [object, later, ...homes].every((one) => one?.isBeingDeleted === false)
  );
}

/** Velero's `nonRestorableResources`; what else is in its list is of Velero itself. */
const NEVER_RESTORED = new Set([
  ...['nodes', 'events', 'events.events.k8s.io'],
  ...['csinodes.storage.k8s.io', 'volumeattachments.storage.k8s.io'],
]);

/** What a restore skips for what is in the object, by type; the rules are Velero's. */
const SKIP_RULES: Readonly<Record<string, (object: KubernetesObject) => boolean>> = {
  // Holdfast's own definitions are its own affair, as its resources are.
  'customresourcedefinitions.apiextensions.k8s.io': ({ spec }) =>
    fields(spec)['group'] === 'holdfast.dev',
  // A job that is over would run again.
  'jobs.batch': ({ status }) => fields(status)['completionTime'] !== undefined,
  // So would a pod; and a mirror pod is made by the node of the static pod.
  pods: ({ status, metadata }) =>
    ['Succeeded', 'Failed'].includes(String(fields(status)['phase'])) ||
    metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined,
  // The API server makes it for a group that it serves.
  'apiservices.apiregistration.k8s.io': ({ metadata }) =>
    metadata.labels?.['kube-aggregator.kubernetes.io/automanaged'] !== undefined,
  // The API server gives the service another address, and takes away those that no service has.
  'ipaddresses.networking.k8s.io': ({ metadata }) =>
    metadata.labels?.['ipaddress.kubernetes.io/managed-by'] === 'ipallocator.k8s.io',
  // Controllers make the endpoints of a service for its new address.
  'endpointslices.discovery.k8s.io': ({ metadata }) =>
    ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'].includes(
      metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '',
    ),
  endpoints: ({ metadata }) =>
    metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller',
  // The volume went with its claim, and is provisioned anew for it.
  persistentvolumes: ({ spec }) => fields(spec)['persistentVolumeReclaimPolicy'] === 'Delete',
  // The token of a service account is issued anew.
  secrets: ({ type, metadata: { name, annotations } }) =>
    type === 'kubernetes.io/service-account-token' &&
    name.startsWith(`${annotations?.['kubernetes.io/service-account.name'] ?? ''}-token-`),
};

async function indexOf(name: string): Promise<IndexLine[]> {
  const store = installation.store();
  const items: IndexLine[] = [];
  for await (const lines of readIndex(store, backupKeys(name).index)) {
    items.push(...lines);
  }
  store.close();
  return items;
}

function pathOf(line: IndexLine): string {
  return objectPath({ ...line, type: groupResource(line) });
}

async function skippedByRule(items: readonly IndexLine[]): Promise<Set<string>> {
  const store = installation.store();
  const lines = items.filter((line) => groupResource(line) in SKIP_RULES);
  const skipped = new Set<string>();
  const { archive: archiveKey } = backupKeys('all');
  const { signal } = new AbortController();
  for await (const { line, object } of readBodies(store, { archiveKey, lines, signal })) {
    if (SKIP_RULES[groupResource(line)]?.(object) === true) {
      skipped.add(pathOf(line));
    }
  }
  store.close();
  return skipped;
}
