import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { BackupSpec } from '../../domain/backup.ts';
import {
  countScopes,
  cutShards,
  type ExportUnit,
  SHARD_ITEMS,
  unitScopes,
} from '../../domain/export-plan.ts';
import type { ResourceType } from '../../domain/item.ts';

const SECRETS: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'secrets',
  kind: 'Secret',
  isNamespaced: true,
};
const NODES: ResourceType = { ...SECRETS, resource: 'nodes', kind: 'Node', isNamespaced: false };

function spec(...includedNamespaces: string[]): BackupSpec {
  return { cluster: 'local', includedNamespaces, excludedNamespaces: [], ttl: '1h' };
}

function unit(items: number): ExportUnit {
  return { type: SECRETS, namespace: 'shop', items };
}

test('shards hold every unit once, in order, and none is much larger than it must be', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20_000 }), { maxLength: 400 }), (sizes) => {
      const units = sizes.map(unit);
      const shards = cutShards(units);
      expect(shards.flatMap((shard) => shard.units)).toEqual(units);
      expect(shards.length).toBeLessThanOrEqual(251);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const limit = Math.max(SHARD_ITEMS, Math.ceil(total / 125));
      expect(shards.every((shard) => shard.units.length === 1 || shard.items <= 2 * limit)).toBe(
        true,
      );
    }),
  );
});

test('a large type is listed by namespace, a small one at once, and what is not selected is dropped', () => {
  const namespaces = ['a', 'b'];
  const scopesOf = (items: number, selection: BackupSpec) =>
    unitScopes(selection, { type: SECRETS, items: new Map([['', items]]) }, namespaces);
  expect(scopesOf(10, spec('*'))).toEqual(['']);
  expect(scopesOf(10, spec('a', 'b'))).toEqual(['']);
  expect(scopesOf(SHARD_ITEMS + 1, spec('*'))).toEqual(namespaces);
  expect(scopesOf(2000, spec('a', 'b'))).toEqual(namespaces);
});

test('a few selected namespaces are counted and listed one by one, and empty ones are not listed', () => {
  expect(countScopes(spec('a', 'b'), SECRETS, ['a', 'b'])).toEqual(['a', 'b']);
  expect(countScopes(spec('a', 'b'), NODES, ['a', 'b'])).toEqual(['']);
  expect(countScopes(spec('*'), SECRETS, ['a', 'b'])).toEqual(['']);
  const many = Array.from({ length: 6 }, (_, index) => `n${String(index)}`);
  expect(countScopes(spec(...many), SECRETS, many)).toEqual(['']);
  const items = new Map([
    ['a', 0],
    ['b', 7],
  ]);
  expect(unitScopes(spec('a', 'b'), { type: SECRETS, items }, ['a', 'b'])).toEqual(['b']);
});
