import { afterAll, beforeAll, expect, test } from 'vitest';

import { ChartRelease } from '../support/chart-release.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: what the chart installs backs up and restores, survives an upgrade, and goes without a trace but the backups.
// Method: the real helm, the image of this checkout in the test bed's cluster, and the command line, which finds the API by
// the kubeconfig.

/** Long enough for an upgrade to replace every pod meanwhile. */
const HOOK_SECONDS = 40;

let installation: Installation;
let release: ChartRelease;
let namespace = '';

beforeAll(async () => {
  [installation, namespace] = await Promise.all([
    Installation.start({ parts: ['temporal'] }),
    freshNamespace('chart'),
  ]);
  [release] = await Promise.all([
    ChartRelease.install(installation),
    applyVolumePod({
      ...{ namespace, name: 'web', node: 'node-b', claims: ['data'] },
      fill: 'echo kept > data/file',
      annotations: {
        'pre.hook.backup.velero.io/container': 'main',
        'pre.hook.backup.velero.io/command': '["sh","-c","echo hooked"]',
      },
    }),
  ]);
});

afterAll(async () => {
  await release.remove();
  await dropNamespaces(namespace);
  await installation.stop();
});

function backUp(name: string): ReturnType<ChartRelease['holdfast']> {
  return release.holdfast(
    ...['backup', 'create', name, '--include-namespaces', namespace],
    ...['--cluster', release.name, '--wait'],
  );
}

async function fileInPod(): Promise<string> {
  return kubectl('-n', namespace, 'exec', 'web', '--', 'cat', '/volumes/data/file');
}

test('the command line finds nothing wrong with what the chart has installed', async () => {
  const { status, output } = await release.holdfast('doctor', '--cluster', release.name);
  expect(output).toContain('0 failed');
  expect(status).toBe(0);
});

test('a namespace with hooks and a volume is backed up, lost and restored', async () => {
  const backup = await backUp('first');
  expect(backup).toMatchObject({ status: 0 });
  expect((await release.holdfast('backup', 'hooks', 'first')).output).toContain('hooked');
  await deleteNamespace(namespace);
  const restore = await release.holdfast(
    ...['restore', 'create', 'again', '--from-backup', 'first'],
    ...['--cluster', release.name, '--wait'],
  );
  expect(restore).toMatchObject({ status: 0 });
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
  expect(await fileInPod()).toBe('kept\n');
});

test('an upgrade that replaces every pod leaves a backup under way to end well', async () => {
  const hook = `["sh","-c","sleep ${String(HOOK_SECONDS)}"]`;
  await kubectl(
    ...['-n', namespace, 'annotate', 'pod', 'web', '--overwrite'],
    ...['pre.hook.backup.velero.io/timeout=5m', `pre.hook.backup.velero.io/command=${hook}`],
  );
  const pods = await podNames();
  const [backup] = await Promise.all([
    release.holdfast(
      ...['backup', 'create', 'meanwhile', '--include-namespaces', namespace],
      ...['--cluster', release.name],
    ),
    release.upgrade('config.logLevel=debug', 'api.replicas=3'),
  ]);
  expect(backup).toMatchObject({ status: 0 });
  await expect
    .poll(async () => (await podNames()).filter((name) => pods.includes(name)), {
      timeout: 120_000,
    })
    .toEqual([]);
  await expect
    .poll(async () => (await release.holdfast('backup', 'get', 'meanwhile')).output, {
      timeout: 120_000,
    })
    .toMatch(/Completed/);
});

test('what is uninstalled leaves backups, its key, and nothing else', async () => {
  await release.uninstall();
  await expect
    .poll(objectsLeft, { timeout: 120_000 })
    .toEqual([
      'configmap/kube-root-ca.crt',
      'secret/bucket',
      'secret/holdfast-master-key',
      ...['serviceaccount/caller', 'serviceaccount/default'],
    ]);
  const wide = 'clusterroles,clusterrolebindings,flowschemas,prioritylevelconfigurations';
  const names = await kubectl('get', wide, '-o', 'name');
  const own = names.split('\n').filter((name) => name.includes(release.name));
  // That of the test.
  expect(own).toEqual([`clusterrolebinding.rbac.authorization.k8s.io/${release.name}`]);
  const kept = await Array.fromAsync(installation.store().list('backups/first/'));
  expect(kept.flat().length).toBeGreaterThan(0);
});

async function podNames(): Promise<string[]> {
  const names = await kubectl('-n', release.name, 'get', 'pods', '-o', 'name');
  return names.trim().split('\n');
}

async function objectsLeft(): Promise<string[]> {
  const kinds = 'deployments,daemonsets,statefulsets,services,configmaps,serviceaccounts,roles,';
  const more = 'rolebindings,networkpolicies,poddisruptionbudgets,leases,pods,secrets';
  const left = await kubectl('-n', release.name, 'get', `${kinds}${more}`, '-o', 'name');
  return left.trim().split('\n').sort();
}
