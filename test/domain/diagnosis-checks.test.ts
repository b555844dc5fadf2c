import { expect, test } from 'vitest';

import { accessText, particularAccess } from '../../domain/diagnosis/access.ts';
import {
  clusterChecks,
  locationCheckOf,
  temporalChecks,
  worstOf,
} from '../../domain/diagnosis/checks.ts';
import type { ClusterFacts, WorkerFacts } from '../../domain/diagnosis/facts.ts';
import type { ServerStatus } from '../../domain/server-status.ts';

const WORKER: WorkerFacts = {
  access: { value: { denied: [], deniedCount: 0 } },
  engine: { value: { kind: 'restic', version: '0.19.1' } },
  image: { value: { image: 'holdfast:1', isSeen: true } },
  locations: [{ name: 'default', answer: { value: true } }],
};
const FAILURE = { code: 'engine-not-usable', message: 'restic cannot be started' } as const;
const STATUS: Pick<ServerStatus, 'temporal' | 'taskQueues'> = {
  temporal: {
    ...{ address: 'temporal:7233', namespace: 'default' },
    isReachable: true,
    missingSearchAttributes: [],
  },
  taskQueues: [
    { name: 'holdfast', role: 'workflows', workers: 1 },
    { name: 'holdfast.cluster.local', role: 'cluster', cluster: 'local', workers: 2 },
  ],
};

function facts(worker: Partial<WorkerFacts> = {}): ClusterFacts {
  return { worker: { value: { ...WORKER, ...worker } }, agents: { value: [] } };
}

test('a whole installation has no check that is not ok', () => {
  const agents = { value: [{ node: 'a', isServed: true, engine: WORKER.engine }] };
  expect(worstOf(clusterChecks({ ...facts(), agents }))).toBe('Ok');
  expect(worstOf(temporalChecks(STATUS, 'local'))).toBe('Ok');
  expect(worstOf([locationCheckOf('default', { value: { phase: 'Available' } })])).toBe('Ok');
});

test.each([
  ['Engine', 'Failed', facts({ engine: { failure: FAILURE } })],
  ['Image', 'Warning', facts({ image: { value: { isSeen: false } } })],
  [
    'LocationFromWorker',
    'Failed',
    facts({ locations: [{ name: 'a', answer: { failure: FAILURE } }] }),
  ],
  ['ClusterWorkers', 'Failed', { ...facts(), worker: { failure: FAILURE } }],
  ['NodeAgent', 'Failed', { ...facts(), agents: { failure: FAILURE } }],
  ['NodeAgent', 'Warning', { ...facts(), agents: { value: [{ node: 'a', isServed: false }] } }],
  [
    'NodeAgent',
    'Failed',
    {
      ...facts(),
      agents: { value: [{ node: 'a', isServed: true, engine: { failure: FAILURE } }] },
    },
  ],
] as const)('only %s is %s, and says what to do, where that is wrong', (name, result, wrong) => {
  const bad = clusterChecks(wrong).filter((check) => check.result !== 'Ok');
  expect(bad).toEqual([
    expect.objectContaining({ name, result, advice: expect.any(String) as string }),
  ]);
});

test('what the worker may not do is named, a few of many, with the role that allows it', () => {
  const denied = particularAccess('holdfast');
  const access = { value: { denied, deniedCount: 70 } };
  const check = clusterChecks(facts({ access })).find(({ name }) => name === 'Permissions');
  expect(check).toMatchObject({ result: 'Failed' });
  expect(check?.message).toBe(
    'the worker may not get secrets in holdfast, get pods/exec, create secrets in holdfast, create pods/exec, create customresourcedefinitions.apiextensions.k8s.io and 65 more',
  );
  expect(check?.advice).toContain('ClusterRole holdfast-cluster-worker');
  expect(accessText({ verb: 'get', group: '*', resource: '*' })).toBe('get every type');
});

test.each([
  [
    'Temporal',
    { ...STATUS, temporal: { ...STATUS.temporal, isReachable: false, failure: FAILURE } },
  ],
  [
    'SearchAttributes',
    { ...STATUS, temporal: { ...STATUS.temporal, missingSearchAttributes: ['HoldfastKind'] } },
  ],
  ['WorkflowWorkers', { ...STATUS, taskQueues: STATUS.taskQueues.slice(1) }],
  ['ClusterWorkers', { ...STATUS, taskQueues: STATUS.taskQueues.slice(0, 1) }],
])('%s is not ok where it is away', (name, status) => {
  const bad = temporalChecks(status, 'local').filter(({ result }) => result !== 'Ok');
  expect(bad.map((check) => check.name)).toEqual([name]);
});

test('Temporal whose search attributes nobody may list is no reason to worry', () => {
  const temporal = { address: 'temporal:7233', namespace: 'default', isReachable: true };
  expect(worstOf(temporalChecks({ ...STATUS, temporal }, 'local'))).toBe('Ok');
});
