import { expect, test } from 'vitest';

import type { OwnerReference } from '../../../domain/item.ts';
import { ownersToSet } from '../../../domain/restore/owner-references.ts';

function owner(name: string, uid: string, others: Partial<OwnerReference> = {}): OwnerReference {
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, ...others };
}

test('owners are set by the uids that they have now', () => {
  const before = owner('web', 'old', { controller: true, blockOwnerDeletion: true });
  expect(ownersToSet([{ owner: before, uid: 'new' }], [])).toEqual({
    missing: [],
    references: [{ ...before, uid: 'new' }],
  });
});

test('an object that has its owners is left alone', () => {
  const found = [{ owner: owner('web', 'old'), uid: 'new' }];
  expect(ownersToSet(found, [owner('web', 'new', { controller: true })])).toEqual({ missing: [] });
});

test('an owner that is not there is named, and the others are set', () => {
  const gone = owner('gone', 'a');
  const found = [
    { owner: gone, uid: undefined },
    { owner: owner('web', 'b'), uid: 'new' },
  ];
  expect(ownersToSet(found, [])).toEqual({ missing: [gone], references: [owner('web', 'new')] });
});

test('a controller that has adopted the object keeps it, and stays the only one', () => {
  const adopter = owner('other', 'x', { controller: true });
  const found = [{ owner: owner('web', 'old', { controller: true }), uid: 'new' }];
  expect(ownersToSet(found, [adopter]).references).toEqual([
    adopter,
    owner('web', 'new', { controller: false }),
  ]);
});
