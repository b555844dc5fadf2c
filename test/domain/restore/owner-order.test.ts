import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  keyBelow,
  type OrderKey,
  orderOwners,
  type OwnerNode,
} from '../../../domain/restore/owner-order.ts';

// Goal: whatever owns what, an owner comes before what it owns, and a circle ends.

function node(uid: string, position: number, owners: readonly string[] = []): OwnerNode {
  return { uid, position, owners, text: `item ${uid}` };
}

function isBefore(left: OrderKey | undefined, right: OrderKey | undefined): boolean {
  if (left === undefined || right === undefined) {
    throw new Error('an item has no place');
  }
  return left.position === right.position
    ? left.level < right.level
    : left.position < right.position;
}

test('an owner of a later wave takes what it owns with it', () => {
  const { keys } = orderOwners([node('machine', 3, ['cluster', 'gone']), node('cluster', 5)]);
  expect(keys.get('cluster')).toEqual({ position: 5, level: 0 });
  expect(keys.get('machine')).toEqual({ position: 5, level: 1 });
  expect(keyBelow(3, ['machine'], keys)).toEqual({ position: 5, level: 2 });
  expect(keyBelow(7, ['machine'], keys)).toEqual({ position: 7, level: 0 });
});

test('items that own each other are reported, and still come after the owners outside of their circle', () => {
  const { keys, cycles } = orderOwners([
    node('a', 1, ['b']),
    node('b', 1, ['a', 'root']),
    node('self', 2, ['self']),
    node('below', 1, ['a']),
    node('root', 1),
  ]);
  expect(cycles.count).toBe(3);
  expect([...cycles.items].sort()).toEqual(['item a', 'item b', 'item self']);
  expect(Object.fromEntries(keys)).toEqual({
    root: { position: 1, level: 0 },
    a: { position: 1, level: 0 },
    b: { position: 1, level: 1 },
    below: { position: 1, level: 1 },
    self: { position: 2, level: 0 },
  });
});

test('a circle of thousands names some of its items and counts all', () => {
  const size = 5000;
  const ring = Array.from({ length: size }, (_, index) =>
    node(String(index), 0, [String((index + 1) % size)]),
  );
  const { cycles } = orderOwners(ring);
  expect(cycles).toMatchObject({ count: size });
  expect(cycles.items).toHaveLength(50);
});

test('a chain of 100,000 owners is ordered without a deep stack', () => {
  const length = 100_000;
  const chain = Array.from({ length }, (_, index) => node(String(index), 0, [String(index + 1)]));
  const { keys, cycles } = orderOwners(chain);
  expect(keys.get('0')).toEqual({ position: 0, level: length - 1 });
  expect(cycles.count).toBe(0);
});

/** The items that an item reaches over its owners, found step by step. */
function reached(nodes: ReadonlyMap<string, OwnerNode>, from: OwnerNode): Set<string> {
  const seen = new Set<string>();
  const next = [...from.owners];
  for (let uid = next.pop(); uid !== undefined; uid = next.pop()) {
    const owner = nodes.get(uid);
    if (owner !== undefined && !seen.has(uid)) {
      seen.add(uid);
      next.push(...owner.owners);
    }
  }
  return seen;
}

const GRAPH = fc
  .array(
    fc.record({
      position: fc.nat({ max: 3 }),
      owners: fc.array(fc.nat({ max: 14 }).map(String), { maxLength: 3 }),
    }),
    { maxLength: 12 },
  )
  .map((items) => items.map(({ position, owners }, uid) => node(String(uid), position, owners)));

test('in any graph each owner comes before what it owns, unless they own each other', () => {
  fc.assert(
    fc.property(GRAPH, (items) => {
      const { keys, cycles } = orderOwners(items);
      const byUid = new Map(items.map((item) => [item.uid, item]));
      const reach = new Map(items.map((item) => [item.uid, reached(byUid, item)]));
      for (const { uid, owners, position } of items) {
        expect(keys.get(uid)?.position).toBeGreaterThanOrEqual(position);
        for (const owner of owners.filter((one) => byUid.has(one))) {
          const isCircle = reach.get(owner)?.has(uid) === true || owner === uid;
          expect(isCircle || isBefore(keys.get(owner), keys.get(uid))).toBe(true);
        }
      }
      expect(cycles.count).toBe(items.filter(({ uid }) => reach.get(uid)?.has(uid)).length);
    }),
    { numRuns: 1000 },
  );
});

test('in any graph without circles an item comes as early as its owners allow', () => {
  fc.assert(
    fc.property(GRAPH, (graph) => {
      // Owners of a smaller number alone cannot make a circle.
      const items = graph.map((item) => ({
        ...item,
        owners: item.owners.filter((owner) => Number(owner) < Number(item.uid)),
      }));
      const slow = new Map<string, number>();
      for (const { uid, position, owners } of items) {
        const after = owners.map((owner) => (slow.get(owner) ?? -1) + 1);
        slow.set(uid, Math.max(position * 1000, ...after));
      }
      const { keys } = orderOwners([...items].reverse());
      for (const [uid, key] of keys) {
        expect(key.position * 1000 + key.level).toBe(slow.get(uid));
      }
    }),
  );
});
