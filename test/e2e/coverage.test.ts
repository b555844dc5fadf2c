import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BackupPreview, BackupResource, Problem } from '../../domain/api-resource.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { type Applied, applyYaml } from '../support/applied-yaml.ts';
import { keysUnder } from '../support/archive-items.ts';
import { CONFIG_MAP, fillNamespace } from '../support/cluster-fixture.ts';
import { startClusterWorker } from '../support/cluster-worker.ts';
import {
  applyMarks,
  limitedKubeconfig,
  namespaceYaml,
  policyYaml,
  servedTypes,
  tarredTypes,
} from '../support/coverage-fixture.ts';
import { rowsOf, typeOf, withoutFailures, withoutNamespaces } from '../support/coverage-rows.ts';
import { registerDeadApiService } from '../support/dead-api-service.ts';
import { applyEveryVolume } from '../support/every-volume.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';

// Goal: a backup says what is not in it, and why, and is not Completed if nobody allowed that. Method: a cluster with
// every kind of volume, an API group without a server, and things that are left out; the rows of the report are written
// out here, and its counts are compared with discovery and with `tar`, past Holdfast's own code.

const unzip = promisify(gunzip);
const prefix = `cv-${String(process.pid)}`;
const volumes = `${prefix}-volumes`;
const large = `large-${prefix}`;
const DEAD = `dead.${prefix}.holdfast.test`;
const NO_VOLUMES = { snapshotVolumes: false, defaultVolumesToFsBackup: false };
let installation: Installation;
const fixtures: Applied[] = [];

beforeAll(async () => {
  installation = await Installation.start();
  const own = installation.ownNamespace;
  fixtures.push(
    ...(await Promise.all([
      applyEveryVolume(volumes),
      applyMarks(prefix),
      applyYaml(`${namespaceYaml(own)}---${policyYaml(own)}`),
      fillNamespace(large, { type: CONFIG_MAP, count: 1100, bytes: 50 }).then(() => ({
        remove: () => deleteNamespace(large),
      })),
    ])),
  );
});

afterAll(async () => {
  for (const fixture of fixtures.reverse()) {
    await fixture.remove();
  }
  await installation.stop();
});

function body(name: string, spec: object): object {
  return { metadata: { name }, spec: { cluster: installation.name, ...spec } };
}

async function backUp(name: string, spec: object): Promise<BackupResource['status']> {
  const created = await installation.request<Partial<Problem>>(
    'POST',
    '/backups',
    body(name, spec),
  );
  expect(created.body).not.toHaveProperty('detail');
  expect(created.status).toBe(202);
  const run = await installation.ended('backups', name);
  // The path says what kind of run it is.
  return (run as BackupResource).status;
}

async function coverageOf(name: string): Promise<CoverageReport> {
  const path = `/backups/${name}/coverage`;
  const { status, body: report } = await installation.request<CoverageReport>('GET', path);
  expect(status).toBe(200);
  return report;
}

async function stored(key: string): Promise<Buffer> {
  const store = installation.store();
  const bytes = await readAll(store, key);
  store.close();
  return bytes;
}

/** What `tar` and the report of a backup say must be the same, type by type, and nothing must be missing. */
async function expectWhole(name: string): Promise<void> {
  const report = await coverageOf(name);
  const { archive, coverage } = backupKeys(name);
  expect(JSON.parse((await unzip(await stored(coverage))).toString())).toEqual(report);
  const captured = report.types.filter((type) => type.captured > 0);
  expect(captured.filter(({ expected, captured: held }) => expected !== held)).toEqual([]);
  const tarred = await tarredTypes(await stored(archive));
  expect(Object.fromEntries(captured.map((type) => [type.type, type.captured]))).toEqual(
    Object.fromEntries(tarred),
  );
  const total = [...tarred.values()].reduce((sum, count) => sum + count, 0);
  expect(report.items).toEqual({ expected: total, captured: total });
}

test('every kind of volume and a dead API group are in the report, and the backup is PartiallyFailed', async () => {
  const spec = {
    includedNamespaces: [`${prefix}-*`, `${installation.ownNamespace.slice(0, -1)}*`],
    excludedNamespaceScopedResources: ['events'],
  };
  const dead = await registerDeadApiService(DEAD);
  const before = await servedTypes();
  let preview: CoverageReport;
  let status: BackupResource['status'];
  try {
    preview = await previewOf(spec);
    status = await backUp('every', spec);
  } finally {
    await dead.remove();
  }
  const after = await servedTypes();
  expect(status).toMatchObject({ phase: 'PartiallyFailed', errors: 5, warnings: 0 });
  expect(status.problems).toEqual({
    errors: [
      {
        code: 'cluster-failed',
        message: `${DEAD}/v1 is registered and does not answer; nothing of it is in the backup`,
        subject: `${DEAD}/v1`,
      },
      {
        code: 'hook-failed',
        message: expect.stringContaining('the pre hook of the pod') as string,
        subject: `pod ${prefix}-marks/hooked: pre hook`,
      },
      // No node agent runs here.
      {
        code: 'no-node-agent',
        message: expect.stringContaining('no node agent takes work on the node') as string,
        subject: `volume ${volumes}/local`,
      },
      {
        code: 'pod-not-running',
        message: expect.stringContaining(`the pod ${volumes}/waiting does not run`) as string,
        subject: `volume ${volumes}/waiting nfs`,
      },
      {
        code: 'coverage-gap',
        message: `3 volumes: its persistent volume is a folder of a node, which a node agent does not see (${volumes}/host-path, ${volumes}/skipped-class, ${volumes}/unmounted)`,
        subject: 'volumes: host-path-claim',
      },
    ],
    warnings: [],
  });
  const report = await coverageOf('every');
  expect(report.groups).toEqual([{ group: `${DEAD}/v1`, reason: 'group-unavailable' }]);
  expect(rowsOf(report, volumes)).toEqual([
    `host-path of running on ${volumes}-host-path: persistentVolumeClaim, none, host-path-claim`,
    `local of running on ${volumes}-local: persistentVolumeClaim, fs-backup, copy-failed`,
    `opted-out of running on ${volumes}-opted-out: persistentVolumeClaim, none, opted-out`,
    'pending of waiting: persistentVolumeClaim, none, claim-not-bound',
    'config-map of running: configMap, none, made-anew',
    'downward-api of running: downwardAPI, none, made-anew',
    'empty-dir of running: emptyDir, none, ephemeral',
    'host-folder of running: hostPath, none, host-path',
    'kube-api-access of running: projected, none, made-anew',
    'projected of running: projected, none, made-anew',
    'secret of running: secret, none, made-anew',
    `skipped-class of running on ${volumes}-skipped-class: persistentVolumeClaim, none, host-path-claim`,
    `unmounted on ${volumes}-unmounted: persistentVolumeClaim, none, host-path-claim`,
    'csi of waiting: csi, none, ephemeral',
    'kube-api-access of waiting: projected, none, made-anew',
    'nfs of waiting: nfs, fs-backup, copy-failed',
    'waiting-ephemeral of waiting: ephemeral, none, claim-not-bound',
  ]);
  await expectWhole('every');
  expectMarks(report);
  expectTypes(report, before, after);
  // The dry run said the same before the backup was made.
  const isStable = ({ type }: { type: string }): boolean =>
    before.has(type) && String(before.get(type)) === String(after.get(type));
  const stable = (one: CoverageReport) => ({ ...one, types: one.types.filter(isStable) });
  expect(withoutNamespaces(stable(preview))).toEqual(withoutFailures(stable(report)));
  expect(preview.types.find(({ type }) => type === 'configmaps')?.namespaces).toEqual({
    // The root certificate is in each.
    [volumes]: 2,
    [`${prefix}-marks`]: 2,
  });
});

/** What is left out object by object and namespace by namespace, and what is only warned of. */
function expectMarks(report: CoverageReport): void {
  const marks = `${prefix}-marks`;
  expect(typeOf(report, 'configmaps')).toEqual({
    ...{ type: 'configmaps', apiVersion: 'v1', kind: 'ConfigMap', expected: 4, captured: 4 },
    leftOut: [
      {
        reason: 'exclude-label',
        items: 3,
        examples: [`${marks}/hidden-a`, `${marks}/hidden-b`, `${marks}/hidden-c`],
      },
      { reason: 'being-deleted', items: 1, examples: [`${marks}/leaving`] },
    ],
  });
  expect(rowsOf(report, marks)).toEqual([
    'hidden of hooked: persistentVolumeClaim, none, exclude-label',
    'missing of hooked: persistentVolumeClaim, none, claim-missing',
  ]);
  expect(report.hooks).toEqual([
    { namespace: marks, pod: 'hooked', hook: 'pre' },
    { namespace: marks, pod: 'hooked', hook: 'post' },
  ]);
  expect([...report.namespaces].sort((left, right) => (left.name < right.name ? -1 : 1))).toEqual([
    { name: `${prefix}-hidden`, reason: 'exclude-label' },
    { name: `${prefix}-leaving`, reason: 'being-deleted' },
    { name: installation.ownNamespace, reason: 'holdfast' },
  ]);
}

type Served = Awaited<ReturnType<typeof servedTypes>>;

/** Every type of discovery has one row, in the version that the server prefers. Tests that make types may be at work. */
function expectTypes({ types }: CoverageReport, before: Served, after: Served): void {
  const rows = types.map(({ type, apiVersion }) => `${type} ${apiVersion}`);
  const all = (served: Served) =>
    [...served].flatMap(([type, versions]) => versions.map((version) => `${type} ${version}`));
  const known = new Set([...all(before), ...all(after)]);
  expect(rows.filter((one) => !known.has(one))).toEqual([]);
  const names = types.map(({ type }) => type);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  const missing = [...before.keys()].filter((type) => after.has(type) && !names.includes(type));
  expect(missing).toEqual([]);
  const reasons = Object.fromEntries(types.map(({ type, reason }) => [type, reason]));
  expect(reasons).toMatchObject({
    events: 'excluded',
    nodes: 'cluster-scope',
    componentstatuses: 'not-restorable',
    'tokenreviews.authentication.k8s.io': 'not-restorable',
  });
  expect(reasons['configmaps']).toBeUndefined();
}

async function previewOf(spec: object): Promise<CoverageReport> {
  const path = '/backups?dryRun=All';
  const answer = await installation.request<BackupPreview>('POST', path, body('every', spec));
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    kind: 'BackupPreview',
    metadata: { name: 'every', location: 'default' },
  });
  const store = installation.store();
  expect(await keysUnder(store, 'backups/every/')).toEqual([]);
  store.close();
  const list = await installation.request<{ items: BackupResource[] }>('GET', '/backups');
  expect(list.body.items.map(({ metadata }) => metadata.name)).not.toContain('every');
  return answer.body.coverage;
}

test('the command line says in words what is not in a backup, before it is made and after', async () => {
  const name = `${prefix}-*`;
  const shown = await holdfast(['backup', 'describe', 'every', '--details']);
  const spec = ['--cluster', installation.name, '--include-namespaces', name];
  const dry = await holdfast(['backup', 'create', 'later', '--dry-run', ...spec]);
  for (const text of [shown, dry]) {
    expect(text).toMatch(/running host-path .* which a node agent does not see \(a gap\)/);
    expect(text).toMatch(/running empty-dir .* it lives as long as its pod/);
    expect(text).toMatch(/hidden-c +it has the label|it has the label .*hidden-c/);
  }
  expect(shown).toMatch(/running local .* the copy of its data failed \(a gap\)/);
  expect(shown).toMatch(new RegExp(`${DEAD}/v1 +the group is registered and does not answer`));
  expect((await installation.request('GET', '/backups/later')).status).toBe(404);
});

async function holdfast(args: readonly string[]): Promise<string> {
  const command = startHoldfast(args, { HOLDFAST_SERVER: installation.apiUrl });
  expect({ status: await command.status, stderr: command.stderr }).toMatchObject({ status: 0 });
  return command.stdout;
}

test('a policy that skips the volumes, and types outside the dead group, make the backup Completed', async () => {
  const dead = await registerDeadApiService(DEAD);
  try {
    const status = await backUp('allowed', {
      includedNamespaces: [volumes],
      includedResources: ['pods', 'persistentvolumeclaims', 'deployments.apps'],
      resourcePolicy: { kind: 'configmap', name: 'skip' },
    });
    expect(status).toMatchObject({ phase: 'Completed', errors: 0, warnings: 0 });
    expect(status.problems).toBeUndefined();
  } finally {
    await dead.remove();
  }
  const report = await coverageOf('allowed');
  expect(report.groups).toEqual([{ group: `${DEAD}/v1`, reason: 'not-included' }]);
  expect(rowsOf(report, volumes).filter((one) => one.includes('policy-skip'))).toEqual([
    `host-path of running on ${volumes}-host-path: persistentVolumeClaim, none, policy-skip`,
    `local of running on ${volumes}-local: persistentVolumeClaim, none, policy-skip`,
    `opted-out of running on ${volumes}-opted-out: persistentVolumeClaim, none, policy-skip`,
    `skipped-class of running on ${volumes}-skipped-class: persistentVolumeClaim, none, policy-skip`,
    `unmounted on ${volumes}-unmounted: persistentVolumeClaim, none, policy-skip`,
    'nfs of waiting: nfs, none, policy-skip',
  ]);
  await expectWhole('allowed');
});

test('a request that asks for no volume data gets none, and is Completed', async () => {
  const status = await backUp('plain', { includedNamespaces: [volumes], ...NO_VOLUMES });
  expect(status).toMatchObject({ phase: 'Completed', errors: 0 });
  const report = await coverageOf('plain');
  expect(report.volumes).toMatchObject({
    captured: 0,
    leftOut: {
      'volumes-not-requested': 7,
      'opted-out': 1,
      'made-anew': 6,
      'host-path': 1,
      ephemeral: 2,
    },
  });
  expect(rowsOf(report, volumes)).toContain('nfs of waiting: nfs, none, volumes-not-requested');
});

test('a type that the worker may not list is a gap, whether one namespace is asked for or many', async () => {
  const account = await limitedKubeconfig(`limited-${prefix}`, {
    namespace: volumes,
    resources: ['configmaps', 'namespaces', 'persistentvolumes', 'customresourcedefinitions'],
  });
  fixtures.push(account);
  const cluster = `limited-${installation.name}`;
  const { kubeconfig } = account;
  const worker = await startClusterWorker(installation, { cluster, kubeconfig });
  try {
    const path = '/backups?dryRun=All';
    const asked = body('limited', { cluster, includedResources: ['configmaps'] });
    // Temporal knows of a worker a moment after the worker is ready.
    await expect
      .poll(async () => (await installation.request('POST', path, asked)).status, {
        timeout: 30_000,
      })
      .toBe(200);
    for (const [name, includedNamespaces] of [
      ['forbidden-one', [volumes]],
      ['forbidden-all', ['*']],
    ] as const) {
      const includedResources = ['configmaps', 'secrets'];
      const status = await backUp(name, { cluster, includedNamespaces, includedResources });
      expect(status).toMatchObject({ phase: 'PartiallyFailed', errors: 1 });
      expect(status.problems?.errors).toMatchObject([
        { code: 'cluster-forbidden', subject: 'secrets' },
      ]);
      const report = await coverageOf(name);
      expect(typeOf(report, 'secrets')).toMatchObject({ reason: 'forbidden', captured: 0 });
      expect(typeOf(report, 'configmaps')).not.toHaveProperty('reason');
      await expectWhole(name);
    }
  } finally {
    await worker.stop();
  }
});

test('a backup in shards has the same report as a small one', async () => {
  const namespaces = [large, `${prefix}-marks`];
  const status = await backUp('shards', { includedNamespaces: namespaces, ...NO_VOLUMES });
  expect(status).toMatchObject({ phase: 'PartiallyFailed', errors: 1, warnings: 0 });
  const report = await coverageOf('shards');
  expect(typeOf(report, 'configmaps')).toMatchObject({
    expected: 1103,
    captured: 1103,
    leftOut: [
      { reason: 'exclude-label', items: 3 },
      { reason: 'being-deleted', items: 1 },
    ],
  });
  expect(report.hooks).toHaveLength(2);
  await expectWhole('shards');
});

test('a request that is refused is refused by a dry run in the same words, with all faults', async () => {
  const wrong = body('wrong', {
    includedNamespaces: [volumes],
    includedResources: ['gadgetz', 'widgetz'],
    resourcePolicy: { kind: 'configmap', name: 'nowhere' },
  });
  const real = await installation.request<Problem>('POST', '/backups', wrong);
  const dry = await installation.request<Problem>('POST', '/backups?dryRun=All', wrong);
  expect(dry.body.errors?.map(({ pointer }) => pointer)).toEqual([
    '/spec/includedResources',
    '/spec/includedResources',
    '/spec/resourcePolicy',
  ]);
  const { requestId, instance } = real.body;
  expect(real.body).toEqual({ ...dry.body, requestId, instance });
  const store = installation.store();
  expect(await keysUnder(store, 'backups/wrong/')).toEqual([]);
  store.close();
});
