import { expect, test } from 'vitest';

import { OWNER_LEVELS_MAX } from '../../../domain/restore/owner-order.ts';
import { type RestoreOrder, restoreOrder } from '../../../domain/restore/restore-order.ts';
import { DEFERRED_SHARD, firstShardOf } from '../../../domain/restore/restore-plan.ts';
import { PRIORITIES_MAX, priorityErrors } from '../../../domain/restore/restore-priorities.ts';

// Goal: types come in an order in which each finds what it needs, and a request may change it.

function positionOf(order: RestoreOrder, type: string, kind?: string): number {
  const [resource = '', ...group] = type.split('.');
  return order.positionOf({
    resource,
    group: group.join('.'),
    ...(kind === undefined ? {} : { kind }),
  });
}

function sorted(order: RestoreOrder, types: readonly string[]): string[] {
  return [...types].sort((left, right) => positionOf(order, left) - positionOf(order, right));
}

const IN_ORDER = [
  'customresourcedefinitions.apiextensions.k8s.io',
  'namespaces',
  'storageclasses.storage.k8s.io',
  'persistentvolumeclaims',
  'secrets',
  'rolebindings.rbac.authorization.k8s.io',
  'pods',
  'clusterclasses.cluster.x-k8s.io',
  'deployments.apps',
  'widgets.example.com',
  'clusters.cluster.x-k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
];

test('definitions come first, custom resources after the objects of their controllers, webhooks last', () => {
  const order = restoreOrder();
  expect(sorted(order, [...IN_ORDER].reverse())).toEqual(IN_ORDER);
  expect(new Set(IN_ORDER.map((type) => positionOf(order, type))).size).toBe(IN_ORDER.length);
});

test('named types come first in their order and last in theirs, after definitions and before webhooks', () => {
  const order = restoreOrder('Widgets.example.com, deployments ,-,pods,secrets');
  expect(sorted(order, [...IN_ORDER].reverse())).toEqual([
    'customresourcedefinitions.apiextensions.k8s.io',
    'namespaces',
    'widgets.example.com',
    'deployments.apps',
    'storageclasses.storage.k8s.io',
    'persistentvolumeclaims',
    'rolebindings.rbac.authorization.k8s.io',
    'clusterclasses.cluster.x-k8s.io',
    'clusters.cluster.x-k8s.io',
    'pods',
    'secrets',
    'validatingwebhookconfigurations.admissionregistration.k8s.io',
  ]);
});

test('a kind names its type too, and a type of another group is not meant', () => {
  const order = restoreOrder('gadget.example.com');
  expect(positionOf(order, 'gadgets.example.com', 'Gadget')).toBe(2);
  expect(positionOf(order, 'gadgets.example.org', 'Gadget')).toBeGreaterThan(2);
});

test('definitions and namespaces come first and webhooks last, wherever they are named', () => {
  const definitions = 'customresourcedefinitions.apiextensions.k8s.io';
  const webhooks = 'validatingwebhookconfigurations.admissionregistration.k8s.io';
  const types = [webhooks, 'pods', 'secrets', 'configmaps', 'namespaces', definitions];
  for (const names of [
    `configmaps,namespaces,customresourcedefinitions,${webhooks}`,
    `configmaps,-,namespaces,${definitions}`,
  ]) {
    const order = restoreOrder(names);
    expect(order.waves.slice(0, 3)).toEqual(['definitions', 'namespaces', 'configmaps']);
    const sequence = [definitions, 'namespaces', 'configmaps', 'secrets', 'pods', webhooks];
    expect(sorted(order, types)).toEqual(sequence);
  }
});

test('what decides about admission comes after all that it may deny, and no priority moves it', () => {
  const deciding = [
    ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
    ...['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'],
    ...['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
  ].map((resource) => `${resource}.admissionregistration.k8s.io`);
  for (const order of [restoreOrder(), restoreOrder(deciding.join(','))]) {
    expect(new Set(deciding.map((type) => order.waves[positionOf(order, type)]))).toEqual(
      new Set(['webhooks']),
    );
    expect(order.waves.at(-1)).toBe('webhooks');
  }
});

test('priorities that cannot be meant are named, all of them', () => {
  const details = priorityErrors('pods,,-,a,-,Pods', '/spec/x').map(({ detail }) => detail);
  expect(details).toEqual([
    expect.stringContaining('/spec/x has an empty name'),
    expect.stringContaining('has "-" twice'),
    expect.stringContaining('names pods twice'),
  ]);
  for (const text of ['', '-', 'a,b', '-,a', 'a,-', 'a,-,b']) {
    expect(priorityErrors(text, '/spec/x')).toEqual([]);
  }
});

test('more priorities than there may be are refused; of those the shards stay below what is put aside', () => {
  const names = Array.from({ length: PRIORITIES_MAX + 1 }, (_, index) => `type${String(index)}`);
  const [, ...most] = names;
  expect(priorityErrors(['-', ...names].join(','), '/spec/x')).toMatchObject([
    { detail: expect.stringContaining('/spec/x names 201 types; name 200 at most') as string },
  ]);
  expect(priorityErrors(['-', ...most].join(','), '/spec/x')).toEqual([]);
  const waves = restoreOrder(most.join(',')).waves.length * OWNER_LEVELS_MAX;
  expect(firstShardOf(waves)).toBeLessThan(DEFERRED_SHARD);
});
