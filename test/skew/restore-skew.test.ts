import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Problem, RunResource } from '../../domain/api-resource.ts';
import type { FailureReport } from '../../domain/failure.ts';
import type { Applied } from '../support/applied-yaml.ts';
import { writesIn } from '../support/audit-log.ts';
import { type ClusterWorker, startClusterWorker } from '../support/cluster-worker.ts';
import type { EmptyCluster } from '../support/empty-cluster.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { applySkewFixture, SKEW_OBJECTS, startSkewCluster } from '../support/skew-cluster.ts';

// Goal: a backup of the test bed's Kubernetes 1.34 is restored into another minor version as far as that serves it,
// and what it does not serve is named before the first write. Method: control planes of those versions; the audit log
// tells what was written.

const namespace = `skew-${String(process.pid)}`;
const GROUP = `${namespace}.holdfast.test`;
const TEMPLATES = 'resourceclaimtemplates.resource.k8s.io';

/** A restore that cannot bring back everything, and the types that its refusal names. */
interface Refused {
  readonly what: string;
  readonly spec: object;
  readonly unserved: readonly string[];
}

let installation: Installation;
let fixture: Applied;

beforeAll(async () => {
  [installation, fixture] = await Promise.all([Installation.start(), applySkewFixture(namespace)]);
  await backUp('all-versions', { apiVersions: 'All' });
  await backUp('preferred', {});
});

afterAll(async () => {
  await Promise.all([installation.stop(), fixture.remove()]);
});

async function backUp(name: string, others: object): Promise<void> {
  const spec = {
    ...{ cluster: installation.name, includedNamespaces: [namespace], ...others },
    ...{ snapshotVolumes: false, defaultVolumesToFsBackup: false },
  };
  const answer = await installation.request('POST', '/backups', { metadata: { name }, spec });
  expect(answer.status).toBe(202);
  expect((await installation.ended('backups', name)).status.phase).toBe('Completed');
}

describe.each([
  { minor: '1.33', unserved: [TEMPLATES] },
  { minor: '1.37', unserved: [] },
])('a cluster of Kubernetes $minor', ({ minor, unserved }) => {
  const cluster = `k${minor.replace('.', '')}`;
  const dials = `dials.${GROUP}`;
  const gauges = `gauges.${GROUP}`;
  const rest = unserved.length === 0 ? {} : { excludedResources: unserved };
  let target: EmptyCluster;
  let worker: ClusterWorker;

  beforeAll(async () => {
    target = await startSkewCluster(minor, namespace);
    worker = await startClusterWorker(installation, { cluster, kubeconfig: target.kubeconfig });
  });

  afterAll(async () => {
    await worker.stop();
    await target.stop();
  });

  function onTarget(...args: string[]): Promise<string> {
    return kubectl('--kubeconfig', target.kubeconfig, ...args);
  }

  test('is of that version', async () => {
    const { serverVersion } = JSON.parse(await onTarget('version', '-o', 'json')) as {
      serverVersion: { gitVersion: string };
    };
    expect(serverVersion.gitVersion).toMatch(new RegExp(`^v${minor.replace('.', '\\.')}\\.`));
  });

  test.each<Refused>([
    {
      what: 'a type without its definition',
      spec: { backupName: 'all-versions', includeClusterResources: false },
      unserved: [gauges, ...unserved],
    },
    {
      what: 'a type that is defined in another version',
      spec: { backupName: 'preferred' },
      unserved: [dials, ...unserved],
    },
  ])('is not written to when it cannot serve $what', async ({ what, spec, unserved: expected }) => {
    const before = await writesIn(target.auditLog);
    const failure = await failureOf(`${cluster}-${what.replaceAll(' ', '-')}`, spec);
    expect(failure?.code).toBe('type-not-served');
    const named = [...(failure?.message ?? '').matchAll(/(\S+) \(backup:/g)].map(
      ([, type]) => type,
    );
    expect(named).toEqual([...expected].sort());
    expect(await writesIn(target.auditLog)).toEqual(before);
    expect(await onTarget('get', 'namespace', namespace, '--ignore-not-found')).toBe('');
  });

  /** Why a restore is refused, be it before its run begins or after. */
  async function failureOf(name: string, spec: object): Promise<FailureReport | undefined> {
    const { status, body } = await restore(name, spec);
    if (status === 422) {
      return { code: body.code, message: body.detail };
    }
    expect(status).toBe(202);
    const { phase, failure } = (await installation.ended('restores', name)).status;
    expect(phase).toBe('Failed');
    return failure;
  }

  function restore(
    name: string,
    spec: object,
  ): Promise<{ status: number; body: RunResource & Problem }> {
    return installation.createRestore(name, { cluster, ...spec });
  }

  test('gets everything that it serves', async () => {
    const spec = { backupName: 'all-versions', ...rest };
    const name = `${cluster}-rest`;
    expect((await restore(name, spec)).status).toBe(202);
    expect((await installation.ended('restores', name)).status).toMatchObject({
      phase: 'Completed',
      counts: { failed: 0 },
    });
    const present = await onTarget('-n', namespace, 'get', ...SKEW_OBJECTS, '-o', 'name');
    expect(present.trim().split('\n').sort()).toEqual([...SKEW_OBJECTS].sort());
    const gauge = await onTarget('-n', namespace, 'get', gauges, 'pressure', '-o', 'json');
    expect(JSON.parse(gauge)).toMatchObject({
      apiVersion: `${GROUP}/v2`,
      spec: { unit: 'bar' },
    });
  });

  test('gets objects in the version that it has in common with the backup', async () => {
    const dial = await onTarget('-n', namespace, 'get', dials, 'volume', '-o', 'json');
    expect(JSON.parse(dial)).toMatchObject({ apiVersion: `${GROUP}/v1`, spec: { steps: 11 } });
  });

  test('has controllers that take up what was restored', async () => {
    await expect
      .poll(() => onTarget('-n', namespace, 'get', 'replicasets', '-l', 'app=web', '-o', 'name'))
      .not.toBe('');
    await onTarget('delete', 'namespace', namespace, '--timeout=120s');
  });
});
