import { expect, test } from 'vitest';

import { buildPlan } from '../../../activities/backup/build-plan.ts';
import { checkRequest } from '../../../activities/backup/check-request.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import type { BackupSpec } from '../../../domain/backup.ts';
import { Failure } from '../../../domain/failure.ts';
import { memoryCluster, servedType } from '../../support/memory-cluster.ts';

const TYPES = [
  servedType('configmaps', 'ConfigMap'),
  servedType('namespaces', 'Namespace', { isNamespaced: false }),
  servedType('secrets', 'Secret'),
];

test.each([[['shop']], [['*']]])(
  'a type that may not be counted in %s has its reason in the plan, whether it will be listed or not',
  async (includedNamespaces) => {
    const held = memoryCluster(TYPES, [
      { type: 'namespaces', object: { metadata: { name: 'shop' } } },
      { type: 'configmaps', object: { metadata: { name: 'settings', namespace: 'shop' } } },
    ]);
    // The port has more than a plan needs; what it does not need is not there.
    const cluster = {
      ...held,
      count: (scope, signal) =>
        scope.type.resource === 'secrets'
          ? Promise.reject(new Failure('cluster-forbidden', 'secrets may not be listed'))
          : held.count(scope, signal),
    } as Cluster;
    const spec: BackupSpec = {
      ...{ cluster: 'local', includedNamespaces, excludedNamespaces: [], ttl: '720h0m0s' },
    };
    const { signal } = new AbortController();
    const check = await checkRequest({ cluster, namespace: 'holdfast' }, spec, signal);
    if (check.kind === 'refused') {
      throw new Error(check.failure.message);
    }
    const { coverage } = await buildPlan(cluster, check.request, { signal, isPatient: true });
    expect(coverage.types.map(({ type, reason }) => [type.resource, reason])).toEqual([
      ['configmaps', undefined],
      ['namespaces', undefined],
      ['secrets', 'forbidden'],
    ]);
    expect(coverage.problems.errors.map(({ subject }) => subject)).toEqual(['secrets']);
  },
);
