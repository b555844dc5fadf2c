import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import { PlanDigest } from '../../../domain/restore/plan-digest.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';

// Goal: two plans have one digest if and only if they would do the same.

const spec: RestoreSpec = {
  ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'], excludedNamespaces: [] },
  namespaceMapping: {},
};
const GROUND = { spec, archiveSha256: 'archive' };
const PARTS = [{ name: 'a', to: { x: 1, y: 2 } }, { name: 'b' }, { name: 'c' }];

function digest(parts: readonly unknown[], ground = GROUND): string {
  const plan = new PlanDigest((text) => createHash('sha256').update(text).digest('hex'));
  for (const part of parts) {
    plan.add(part);
  }
  return plan.of(ground);
}

test('the order of the items and of their fields makes no other digest', () => {
  const turned = [{ name: 'c' }, { name: 'b' }, { to: { y: 2, x: 1 }, name: 'a' }];
  expect(digest(turned)).toBe(digest(PARTS));
  expect(digest(PARTS)).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test('any other item makes another digest, and so do twice the same and none', () => {
  const [first, ...others] = PARTS;
  const plans = [
    PARTS,
    others,
    [{ ...first, to: { x: 1, y: 3 } }, ...others],
    [...PARTS, first],
    [...PARTS, first, first],
    [],
  ];
  expect(new Set(plans.map((parts) => digest(parts))).size).toBe(plans.length);
});

test('another request or archive makes another digest, and being bound to a plan does not', () => {
  const digests = [
    digest(PARTS),
    digest(PARTS, { ...GROUND, archiveSha256: 'other' }),
    digest(PARTS, { ...GROUND, spec: { ...spec, existingResourcePolicy: 'update' } }),
  ];
  expect(new Set(digests).size).toBe(3);
  const bound = { ...GROUND, spec: { ...spec, planDigest: 'sha256:1' } };
  expect(digest(PARTS, bound)).toBe(digest(PARTS));
});
