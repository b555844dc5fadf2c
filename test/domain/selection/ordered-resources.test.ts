import { expect, test } from 'vitest';

import {
  orderedNames,
  orderedResourcesErrors,
  parseOrderedResources,
} from '../../../domain/selection/ordered-resources.ts';
import { served } from './served-types.ts';

const TYPES = [
  served('pods', { kind: 'Pod', shortNames: ['po'] }),
  served('persistentvolumes', {
    ...{ kind: 'PersistentVolume', shortNames: ['pv'], isNamespaced: false },
  }),
  served('deployments.apps', { kind: 'Deployment' }),
];

test('objects come in the order that is given, by any name of their type', () => {
  const order = {
    Pod: 'shop/db-1, shop/db-0',
    po: 'shop/web,shop/db-1',
    pv: 'pv-2,pv-1',
    'deployments.apps': 'shop/web',
  };
  expect([...orderedNames(order, TYPES)]).toEqual([
    ['pods', ['shop/db-1', 'shop/db-0', 'shop/web']],
    ['persistentvolumes', ['pv-2', 'pv-1']],
    ['deployments.apps', ['shop/web']],
  ]);
  expect(orderedNames(undefined, TYPES).size).toBe(0);
});

test('a name that cannot be one of its type orders nothing', () => {
  const order = { pods: 'db-0', pv: 'shop/pv-1', podz: 'shop/db-0' };
  expect(orderedNames(order, TYPES).size).toBe(0);
});

test('an order that can be followed is accepted', () => {
  const orderedResources = { pods: 'shop/db-1, shop/db-0', pv: 'pv-2' };
  expect(orderedResourcesErrors({ orderedResources })).toEqual([]);
  expect(orderedResourcesErrors({})).toEqual([]);
});

test('every fault of an order is told at once, each with its pointer', () => {
  const orderedResources = {
    '': 'shop/db-0',
    pods: 'shop/db-0,,a/b/c',
    'deployments/apps': '',
    pv: 'pv-1,shop/pv-2,pv-1',
  };
  const errors = orderedResourcesErrors({ orderedResources });
  expect(errors.map(({ pointer, detail }) => [pointer, detail])).toEqual([
    ['/spec/orderedResources/', expect.stringContaining('name a type')],
    ['/spec/orderedResources/pods', expect.stringContaining('has "", "a/b/c"; write')],
    ['/spec/orderedResources/deployments~1apps', expect.stringContaining('has ""; write')],
    ['/spec/orderedResources/pv', expect.stringContaining('the one or the other')],
    ['/spec/orderedResources/pv', expect.stringContaining('names pv-1 twice')],
  ]);
});

test("the text of Velero's flag is read", () => {
  expect(parseOrderedResources('pods=ns1/a,ns1/b; pvcs = ns1/c')).toEqual({
    pods: 'ns1/a,ns1/b',
    pvcs: 'ns1/c',
  });
});

test.each([
  ['', 'the part ""'],
  ['pods', 'the part "pods"'],
  ['pods=a/b;', 'the part ""'],
  ['pods=', 'the part "pods="'],
  ['=a/b', 'the part "=a/b"'],
  ['pods=a/b=c', 'the part "pods=a/b=c"'],
  ['pods=a/b;pods=a/c', 'is the second for its type'],
])('the text "%s" is refused, and its wrong part is named', (text, named) => {
  expect(() => parseOrderedResources(text)).toThrow(
    expect.objectContaining({
      code: 'invalid-request',
      message: expect.stringContaining(named) as string,
    }),
  );
});
