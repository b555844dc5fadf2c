import { expect, test } from 'vitest';

import { checkRequest } from '../../../activities/backup/check-request.ts';
import { plannedCoverage } from '../../../activities/backup/planned-coverage.ts';
import { ProblemList } from '../../../activities/backup/problem-list.ts';
import type { Cluster, Discovery } from '../../../activities/kubernetes/port.ts';
import type { BackupSpec } from '../../../domain/backup.ts';
import { memoryCluster, servedType } from '../../support/memory-cluster.ts';

// Goal: what is known of coverage before anything is listed is told. Method: a cluster in memory with a group that does
// not answer and a namespace of Argo CD.

const TYPES = [
  servedType('configmaps', 'ConfigMap'),
  servedType('namespaces', 'Namespace', { isNamespaced: false }),
];
const DISCOVERY: Discovery = {
  types: TYPES,
  otherVersions: [],
  unrestorable: [servedType('bindings', 'Binding')],
  failedGroups: ['metrics.example/v1'],
};

async function planned(fields: Partial<BackupSpec>) {
  const labels = { 'argocd.argoproj.io/managed-by': 'argocd' };
  const held = memoryCluster(TYPES, [
    { type: 'namespaces', object: { metadata: { name: 'plain' } } },
    { type: 'namespaces', object: { metadata: { name: 'managed', labels } } },
  ]);
  // A check discovers, lists and reads; the rest of a cluster is not used.
  const cluster = { ...held, discover: () => Promise.resolve(DISCOVERY) } as Cluster;
  const spec: BackupSpec = {
    ...{ cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '1h' },
    ...fields,
  };
  const { signal } = new AbortController();
  const check = await checkRequest({ cluster, namespace: 'holdfast' }, spec, signal);
  if (check.kind === 'refused') {
    throw new Error(check.failure.message);
  }
  const problems = new ProblemList({ isPatient: true });
  return plannedCoverage(check.request, { problems, uncounted: new Map() });
}

test.each([
  [{}, 'group-unavailable'],
  [{ includedResources: ['configmaps'] }, 'not-included'],
  [{ includedResources: ['configmaps', 'things.metrics.example'] }, 'group-unavailable'],
  [{ excludedNamespaceScopedResources: ['*.metrics.example'] }, 'not-included'],
] as const)(
  'a group that does not answer is a gap where it is wanted: %j',
  async (fields, reason) => {
    const { groups, problems } = await planned(fields);
    expect(groups).toEqual([{ group: 'metrics.example/v1', reason }]);
    expect(problems.errors.map(({ subject }) => subject)).toEqual(
      reason === 'group-unavailable' ? ['metrics.example/v1'] : [],
    );
  },
);

test('namespaces that Argo CD manages are a warning, where they are taken', async () => {
  expect((await planned({})).problems.warnings).toMatchObject([
    { code: 'managed-elsewhere', message: expect.stringContaining('managed') as string },
  ]);
  expect((await planned({ includedNamespaces: ['plain'] })).problems.warnings).toEqual([]);
});

test('an order of a type that is not served is a warning', async () => {
  const { problems } = await planned({
    ...{
      includedNamespaces: ['plain'],
      orderedResources: { foos: 'plain/a', configmap: 'plain/b' },
    },
  });
  expect(problems.warnings).toMatchObject([
    { code: 'type-not-found', subject: 'orderedResources.foos' },
  ]);
});

test('every type has a row, those that cannot be put back too', async () => {
  const { types } = await planned({ includedResources: ['configmaps'] });
  expect(types.map(({ type, reason }) => [type.resource, reason])).toEqual([
    ['configmaps', undefined],
    ['namespaces', 'not-included'],
    ['bindings', 'not-restorable'],
  ]);
});
