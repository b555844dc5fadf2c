import { expect, it } from 'vitest';

import { CallIndex, callsAbout, itemKey } from '../../../domain/plugins/call-index.ts';

const pods = (...keys: readonly string[]) =>
  keys.map((key) => {
    const [namespace = '', name = ''] = key.split('/');
    return { item: { group: '', resource: 'pods', namespace, name } };
  });
const nodes = (...names: readonly string[]) =>
  names.map((name) => ({ item: { group: '', resource: 'nodes', namespace: '', name } }));
const deployments = (...keys: readonly string[]) =>
  pods(...keys).map(({ item }) => ({ item: { ...item, group: 'apps', resource: 'deployments' } }));

function index(...calls: readonly ReturnType<typeof pods>[]) {
  const written = new CallIndex();
  for (const [call, items] of calls.entries()) {
    written.add(call, items);
  }
  return written.rows();
}

it('has a row for each type of a call, from the first key to the last in any order', () => {
  const items = [...pods('b/2', 'a/9', 'b/1'), ...deployments('c/1'), ...nodes('n2', 'n1')];
  expect(index(items)).toEqual([
    { call: 0, type: 'pods', first: 'a/9', last: 'b/2' },
    { call: 0, type: 'deployments.apps', first: 'c/1', last: 'c/1' },
    { call: 0, type: 'nodes', first: 'n1', last: 'n2' },
  ]);
  expect(index([])).toEqual([]);
});

it.each<{ type: string; keys: readonly string[]; calls: readonly number[] }>([
  { type: 'pods', keys: ['a/1'], calls: [0] },
  { type: 'pods', keys: ['a/3'], calls: [0, 2] },
  { type: 'pods', keys: ['a/5', 'a/0'], calls: [2] },
  { type: 'pods', keys: ['a/7', 'a/2'], calls: [0, 1, 2] },
  // One between two keys may be meant; the answer says whether it is.
  { type: 'pods', keys: ['a/1-between'], calls: [0] },
  { type: 'pods', keys: ['a/0', 'b/1'], calls: [] },
  { type: 'pods', keys: [], calls: [] },
  { type: 'deployments.apps', keys: ['a/1', 'a/4'], calls: [1] },
  { type: 'deployments', keys: ['a/4'], calls: [] },
])('finds the calls about $type $keys, in their order', ({ type, keys, calls }) => {
  const rows = index(
    pods('a/1', 'a/3'),
    [...deployments('a/4'), ...pods('a/6', 'a/8')],
    pods('a/2', 'a/8'),
  );
  expect(callsAbout([...rows].reverse(), type, keys)).toEqual(calls);
});

it('calls an item by namespace and name, and one of the cluster by its name', () => {
  expect(itemKey({ namespace: 'shop', name: 'web' })).toBe('shop/web');
  expect(itemKey({ namespace: '', name: 'pv-1' })).toBe('pv-1');
});
