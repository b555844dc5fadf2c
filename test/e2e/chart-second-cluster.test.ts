import { afterAll, beforeAll, expect, test } from 'vitest';

import { ChartRelease } from '../support/chart-release.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { EmptyCluster } from '../support/empty-cluster.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { RemoteRelease } from '../support/remote-release.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: one control plane serves a second cluster, in which the chart runs a cluster worker and a node agent alone, and what
// was backed up in the first comes back there with its volume. Method: the real helm in both clusters, the second with a
// kubelet of its own; one command line, which knows the API of the first.

const POD = 'web';
const READY = ['wait', '--for=condition=Ready', `pod/${POD}`, '--timeout=60s'];

let installation: Installation;
let namespace: string;
let release: ChartRelease;
let remote: RemoteRelease;
/** What ends the parts, the last one first. */
let ends: (() => Promise<unknown>)[] = [];

function endsWith(end: () => Promise<unknown>): void {
  ends = [end, ...ends];
}

beforeAll(async () => {
  [installation, namespace] = await Promise.all([
    Installation.start({ parts: ['temporal'] }),
    freshNamespace('over'),
  ]);
  endsWith(() => installation.stop());
  endsWith(() => dropNamespaces(namespace));
  const fill = 'echo kept > data/file';
  [release] = await Promise.all([
    ChartRelease.install(installation),
    applyVolumePod({ namespace, name: POD, claims: ['data'], fill }),
  ]);
  endsWith(() => release.remove());
});

afterAll(async () => {
  for (const end of ends) {
    await end();
  }
});

async function holdfast(...args: readonly string[]): Promise<string> {
  const { status, output } = await release.holdfast(...args);
  expect({ status, output }).toMatchObject({ status: 0 });
  return output;
}

test('a remote release makes a second cluster one of those that the API serves', async () => {
  await holdfast('backup', 'create', 'first', '--include-namespaces', namespace, '--wait');
  const second = await EmptyCluster.start({ hasNode: true });
  endsWith(() => second.stop());
  remote = await RemoteRelease.prepare(release, second);
  endsWith(() => remote.stop());
  const before = await release.holdfast('backup', 'create', 'early', '--cluster', remote.name);
  expect(before.output).toContain('no-worker');
  await remote.install();
  expect(await holdfast('doctor', '--cluster', remote.name)).toContain('0 failed');
  expect(await holdfast('status', '--cluster', remote.name)).toContain(remote.name);
  const kinds = 'deployments,daemonsets,statefulsets';
  const made = await remote.kubectl('--namespace', 'holdfast', 'get', kinds, '--output', 'name');
  expect(made.trim().split('\n')).toEqual([
    ...['deployment.apps/holdfast-cluster-worker', 'daemonset.apps/holdfast-node-agent'],
  ]);
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

test('what is uninstalled there leaves its key, and the first cluster as it was', async () => {
  await remote.uninstall();
  const kinds = 'deployments,daemonsets,services,configmaps,secrets,serviceaccounts';
  const left = await remote.kubectl('--namespace', 'holdfast', 'get', kinds, '--output', 'name');
  expect(left.trim().split('\n').sort()).toEqual([
    ...['configmap/kube-root-ca.crt', 'secret/bucket', 'secret/holdfast-master-key'],
    'serviceaccount/default',
  ]);
  expect(await holdfast('doctor')).toContain('0 failed');
});
