import { expect, test } from 'vitest';

import { checkRequest } from '../../../activities/backup/check-request.ts';
import { mayMatch } from '../../../activities/backup/probe-selection.ts';
import type { Cluster, Discovery } from '../../../activities/kubernetes/port.ts';
import type { BackupSpec } from '../../../domain/backup.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { type HeldObject, memoryCluster, servedType } from '../../support/memory-cluster.ts';

// Goal: what is wrong with a request is told before anything is written, all of it at once. Method: a cluster in memory,
// since a group that does not answer and a policy of every kind are at hand there.

const { signal } = new AbortController();
const TYPES = [
  servedType('configmaps', 'ConfigMap'),
  servedType('namespaces', 'Namespace', { isNamespaced: false }),
  servedType('secrets', 'Secret'),
  servedType('runs.holdfast.dev', 'Run'),
];
const HELD: readonly HeldObject[] = [
  ...['shop', 'shop-2', 'holdfast'].map((name): HeldObject => {
    const labels = name === 'shop' ? { team: 'shop' } : {};
    return { type: 'namespaces', object: { metadata: { name, labels } } };
  }),
  configMap('settings', 'shop', { labels: { app: 'web' } }),
  configMap('leaving', 'shop-2', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
];

function configMap(name: string, namespace: string, metadata: object): HeldObject {
  const object: KubernetesObject = { metadata: { name, namespace, ...metadata } };
  return { type: 'configmaps', object };
}

function rules(policy: string): HeldObject {
  const { type, object } = configMap('rules', 'holdfast', {});
  return { type, object: { ...object, data: { policy } } };
}

function clusterOf(policy?: string, failedGroups: readonly string[] = []): Cluster {
  const policies = policy === undefined ? [] : [rules(policy)];
  const cluster = memoryCluster(TYPES, [...HELD, ...policies]);
  const discovery: Discovery = {
    types: TYPES,
    otherVersions: [],
    unrestorable: [],
    failedGroups: [...failedGroups],
  };
  // A check discovers, lists and reads; the rest of a cluster is not used.
  return { ...cluster, discover: () => Promise.resolve(discovery) } as Cluster;
}

function specOf(fields: Partial<BackupSpec>): BackupSpec {
  return {
    ...{ cluster: 'local', ttl: '1h', includedNamespaces: ['*'], excludedNamespaces: [] },
    ...fields,
  };
}

function check(fields: Partial<BackupSpec>, cluster = clusterOf()) {
  return checkRequest({ cluster, namespace: 'holdfast' }, specOf(fields), signal);
}

test('a namespace, a type and a policy that are wrong are told in one refusal', async () => {
  const policy = `version: v1
volumePolicies: [{conditions: {capacity: "9,1"}, action: {type: go}}]
namespacedFilterPolicies: [{namespaces: [shop], resourceFilters: [{kinds: [widgets]}]}]
`;
  const answer = await check(
    {
      includedNamespaces: ['shop', 'shpo'],
      includedNamespaceScopedResources: ['configmaps', 'confgmaps'],
      resourcePolicy: { kind: 'configmap', name: 'rules' },
    },
    clusterOf(policy),
  );
  expect(answer.kind).toBe('refused');
  const { code, errors = [] } = answer.kind === 'refused' ? answer.failure : { code: '' };
  expect(code).toBe('namespace-not-found');
  expect(errors.map((error) => [error.code, error.pointer])).toEqual([
    ['namespace-not-found', '/spec/includedNamespaces'],
    ['type-not-found', '/spec/includedNamespaceScopedResources'],
    ['type-not-found', 'resourcePolicy:/namespacedFilterPolicies/0/resourceFilters/0/kinds'],
    ['policy-not-usable', 'resourcePolicy:/volumePolicies/0/conditions/capacity'],
    ['policy-not-usable', 'resourcePolicy:/volumePolicies/0/action/type'],
  ]);
});

test.each([
  ['that nobody made', undefined, ['/spec/resourcePolicy']],
  [
    'whose filters go with the older ones',
    'version: v1\nincludeExcludePolicy: {excludedNamespaceScopedResources: [secrets]}',
    ['/spec/resourcePolicy'],
  ],
  [
    'that names a type that is not served',
    'version: v1\nnamespacedFilterPolicies: [{namespaces: [shop], resourceFilters: [{kinds: [widgets]}]}]',
    ['resourcePolicy:/namespacedFilterPolicies/0/resourceFilters/0/kinds', '/spec/resourcePolicy'],
  ],
])('a policy is refused %s', async (_how, policy, pointers) => {
  const answer = await check(
    {
      includedResources: ['configmaps', 'secrets'],
      resourcePolicy: { kind: 'configmap', name: 'rules' },
    },
    clusterOf(policy),
  );
  const errors = answer.kind === 'refused' ? (answer.failure.errors ?? []) : [];
  expect(errors.map(({ pointer }) => pointer)).toEqual(pointers);
  expect(new Set(errors.map(({ code }) => code)).size).toBeLessThanOrEqual(2);
});

test('a refusal stays short, however much is wrong', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `nobody-${String(index)}`);
  const answer = await check({ includedNamespaces: names, includedResources: names });
  const { errors = [] } = answer.kind === 'refused' ? answer.failure : {};
  expect(errors).toHaveLength(50);
  expect(errors[0]?.detail).toContain('nobody-9 and 990 more');
  expect(errors.at(-1)?.detail).toMatch(/; and 951 more errors$/);
});

test('a pattern that matches nothing is refused alone, and not beside a name that does', async () => {
  expect(await check({ includedNamespaces: ['nobody-*'] })).toMatchObject({
    kind: 'refused',
    failure: { code: 'nothing-selected', subject: 'spec.includedNamespaces' },
  });
  expect(await check({ includedNamespaces: ['nobody-*', 'shop'] })).toMatchObject({
    kind: 'fine',
    request: { namespaces: { taken: ['shop'] } },
  });
});

test('Holdfast itself is left out, and taken where the request names it', async () => {
  const all = await check({});
  expect(all).toMatchObject({
    kind: 'fine',
    request: {
      namespaces: {
        taken: ['shop-2', 'shop'],
        leftOut: [{ name: 'holdfast', reason: 'holdfast' }],
      },
    },
  });
  const decisionOf = async (fields: Partial<BackupSpec>) => {
    const answer = await check(fields);
    return answer.kind === 'fine' && answer.request.types.decisions.get('runs.holdfast.dev');
  };
  expect(await decisionOf({})).toMatchObject({ isCollected: false, reason: 'holdfast' });
  expect(await decisionOf({ includedResources: ['runs.holdfast.dev'] })).toMatchObject({
    isCollected: true,
  });
  expect(await check({ includedNamespaces: ['holdfast'] })).toMatchObject({
    request: { namespaces: { taken: ['holdfast'], leftOut: [] } },
  });
});

test('a name of a group that does not answer is not taken for a mistake', async () => {
  const cluster = clusterOf(undefined, ['dead.example/v1']);
  const answer = await check({ includedResources: ['things.dead.example'] }, cluster);
  expect(answer.kind).toBe('fine');
});

test.each([
  ['a type of which there is nothing', { includedResources: ['secrets'] }, false],
  ['a label that nothing has', { labelSelector: { matchLabels: { app: 'db' } } }, false],
  [
    'a namespace whose only object is being deleted',
    { includedNamespaces: ['shop-2'], includedResources: ['configmaps'] },
    false,
  ],
  ['a label of a namespace', { labelSelector: { matchLabels: { team: 'shop' } } }, true],
  ['namespaces themselves', { includedResources: ['namespaces'] }, true],
  ['a label that an object has', { labelSelector: { matchLabels: { app: 'web' } } }, true],
  ['an empty namespace without a filter', { includedNamespaces: ['shop-2'] }, true],
])('a request for %s is judged', async (_what, fields, expected) => {
  const cluster = clusterOf();
  const answer = await check(fields, cluster);
  expect(answer.kind === 'fine' && (await mayMatch(cluster, answer.request, signal))).toBe(
    expected,
  );
});
