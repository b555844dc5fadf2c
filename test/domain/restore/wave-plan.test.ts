import { expect, test } from 'vitest';

import type { IndexLine } from '../../../domain/backup-index.ts';
import { OWNER_LEVELS_MAX } from '../../../domain/restore/owner-order.ts';
import { restoreOrder } from '../../../domain/restore/restore-order.ts';
import { ownerNode, WavePlan } from '../../../domain/restore/wave-plan.ts';

// Goal: the waves of a plan stay few, however deep the owners go.

function line(index: number, group: string): IndexLine {
  return {
    ...{ group, version: 'v1', resource: 'widgets', kind: 'Widget', namespace: 'shop' },
    ...{ name: `w-${String(index)}`, uid: String(index), owners: [String(index - 1)] },
    ...{ bodyOffset: 0, bodyLength: 1, sha256: '' },
    member: { offset: 0, length: 1, sizeBytes: 1, sha256: '' },
  };
}

test('a chain that is deeper than the levels of a wave ends in the last of them', () => {
  const order = restoreOrder();
  const lines = Array.from({ length: 250 }, (_, index) => line(index, 'example.com'));
  const plan = new WavePlan(
    order,
    lines.map((one) => ownerNode(order, one)),
  );
  expect(plan.waves).toHaveLength(order.waves.length + OWNER_LEVELS_MAX - 1);
  const names = lines.map((one) => plan.waves[plan.positionOf(one)]);
  expect(names.slice(0, 3)).toEqual(['custom', 'custom 2', 'custom 3']);
  expect(new Set(names.slice(OWNER_LEVELS_MAX - 1))).toEqual(new Set(['custom 100']));
  expect(new Set(names).size).toBe(OWNER_LEVELS_MAX);
  // Only the first item of the last level has no owner in it.
  expect(lines.findIndex((one) => plan.isTooDeep(one))).toBe(OWNER_LEVELS_MAX);
  expect(lines.filter((one) => plan.isTooDeep(one))).toHaveLength(250 - OWNER_LEVELS_MAX);
});

test('built-in objects keep to their wave, whatever owns them', () => {
  const order = restoreOrder();
  const plan = new WavePlan(order, [ownerNode(order, line(0, 'example.com'))]);
  expect(plan.waves[plan.positionOf(line(1, 'example.com'))]).toBe('custom 2');
  expect(plan.waves[plan.positionOf(line(1, 'apps'))]).toBe('rest');
});
