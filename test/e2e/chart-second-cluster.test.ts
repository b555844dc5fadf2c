import { afterAll, beforeAll, expect, test } from 'vitest';

import { ChartRelease } from '../support/chart-release.ts';
import { listCluster } from '../support/cluster-listing.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { EmptyCluster, WITH_NODE } from '../support/empty-cluster.ts';
import { Ends } from '../support/ends.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { RemoteRelease } from '../support/remote-release.ts';
import { SecuredTemporal } from '../support/secured-temporal.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: one control plane serves a second cluster, in which the chart runs a cluster worker and a node agent alone, and what
// was backed up in the first comes back there with its volume. Method: the real helm in both clusters, the second with a
// kubelet of its own; one command line, which knows the API of the first. The second dials Temporal as its example of values
// says, by mutual TLS.

const POD = 'web';
const READY = ['wait', '--for=condition=Ready', `pod/${POD}`, '--timeout=60s'];
/** Of the definitions, which hold what users have made, and what the API server makes of them. */
const DEFINED = [
  'apiservices.apiregistration.k8s.io//v1.holdfast.dev',
  ...['notificationendpoints', 'plugins', 'storagelocations'].map(
    (plural) => `customresourcedefinitions.apiextensions.k8s.io//${plural}.holdfast.dev`,
  ),
];

let installation: Installation;
let namespace: string;
let release: ChartRelease;
let temporal: SecuredTemporal;
let remote: RemoteRelease;
/** What was in each cluster before the remote release was installed. */
let before: { first: unknown; second: string[] };
const ends = new Ends();

beforeAll(async () => {
  [installation, namespace] = await Promise.all([
    Installation.start({ parts: ['temporal'] }),
    freshNamespace('over'),
  ]);
  ends.add(() => installation.stop());
  ends.add(() => dropNamespaces(namespace));
  const fill = 'echo kept > data/file';
  [release] = await Promise.all([
    ChartRelease.install(installation),
    applyVolumePod({ namespace, name: POD, claims: ['data'], fill }),
  ]);
  ends.add(() => release.remove());
});

afterAll(() => ends.run());

async function holdfast(...args: readonly string[]): Promise<string> {
  const { status, output } = await release.holdfast(...args);
  expect({ status, output }).toMatchObject({ status: 0 });
  return output;
}

/** Objects of the first release, with their uids. */
async function ofFirst(): Promise<unknown> {
  const objects = [...(await listCluster())].filter(([path]) => path.includes(release.name));
  return Object.fromEntries(objects.filter(isKept).map(([path, { uid }]) => [path, uid]));
}

/** Whether an object is there for longer than what has just happened. */
function isKept([path]: readonly [string, ...unknown[]]): boolean {
  return !path.startsWith('events');
}

test('a client without a certificate does not reach the Temporal of the second cluster', async () => {
  temporal = await SecuredTemporal.start(installation.temporalAddress);
  ends.add(() => temporal.stop());
  await expect(temporal.connect('nothing')).rejects.toThrow();
  expect(temporal.clients).toEqual([]);
  await (await temporal.connect('certificate')).close();
  expect(temporal.clients).toHaveLength(1);
});

test('a remote release makes a second cluster one that the API serves', WITH_NODE, async () => {
  await holdfast('backup', 'create', 'first', '--include-namespaces', namespace, '--wait');
  const cluster = await EmptyCluster.start({ hasNode: true });
  ends.add(() => cluster.stop());
  remote = await RemoteRelease.prepare(release, { cluster, temporal });
  ends.add(() => remote.stop());
  before = { first: await ofFirst(), second: await remote.objects() };
  const early = await release.holdfast('backup', 'create', 'early', '--cluster', remote.name);
  expect(early.output).toContain('no-worker');
  await remote.install();
  expect(await holdfast('doctor', '--cluster', remote.name)).toContain('0 failed');
  expect(await holdfast('status', '--cluster', remote.name)).toContain(remote.name);
  const kinds = 'deployments,daemonsets,statefulsets';
  const made = await remote.kubectl('--namespace', 'holdfast', 'get', kinds, '--output', 'name');
  expect(made.trim().split('\n')).toEqual([
    ...['deployment.apps/holdfast-cluster-worker', 'daemonset.apps/holdfast-node-agent'],
  ]);
});

test('workers and agent of the second cluster reach Temporal by mutual TLS', async () => {
  const pods = await remote.podAddresses();
  expect(pods).toHaveLength(3);
  expect(temporal.clients).toEqual(expect.arrayContaining(pods));
});

/** Restores a backup into the second cluster, and gives what is in the volume there. */
async function restored(name: string, backup: string): Promise<string> {
  const from = ['--from-backup', backup, '--cluster', remote.name];
  await holdfast('restore', 'create', name, ...from, '--wait');
  await remote.kubectl('--namespace', namespace, ...READY);
  return onPod('cat', '/volumes/data/file');
}

/** Runs a command in the pod of the second cluster. */
function onPod(...command: readonly string[]): Promise<string> {
  return remote.kubectl('--namespace', namespace, 'exec', POD, '--', ...command);
}

test('a backup of the first cluster is restored into the second, with its volume', async () => {
  expect(await restored('over', 'first')).toBe('kept\n');
});

test('a backup of the second cluster holds what is there, and comes back there', async () => {
  await onPod('sh', '-c', 'echo second > /volumes/data/file');
  const flags = ['--cluster', remote.name, '--include-namespaces', namespace];
  await holdfast('backup', 'create', 'back', ...flags, '--wait');
  await remote.kubectl('delete', 'namespace', namespace, '--wait');
  expect(await restored('again', 'back')).toBe('second\n');
});

test('what is uninstalled there leaves definitions alone, and the first cluster as it was', async () => {
  await remote.uninstall();
  await remote.kubectl('delete', 'namespace', namespace, '--wait');
  const left = async (): Promise<string[]> =>
    (await remote.objects())
      .filter((path) => isKept([path]) && !before.second.includes(path))
      .sort();
  await expect.poll(left).toEqual(DEFINED);
  const after = await remote.objects();
  expect(before.second.filter((path) => !after.includes(path))).toEqual([]);
  expect(await ofFirst()).toEqual(before.first);
  expect(await holdfast('doctor')).toContain('0 failed');
});
