import { expect, test } from 'vitest';

import type { ItemReference } from '../../domain/item.ts';
import { RestoreScope } from '../../domain/restore-scope.ts';
import type { RestoreSpec } from '../../domain/restore.ts';

const HELD: readonly ItemReference[] = [
  { group: '', resource: 'namespaces', namespace: '', name: 'shop' },
  { group: '', resource: 'configmaps', namespace: 'shop', name: 'settings' },
  // Its namespace object is not in the backup; its content is.
  { group: '', resource: 'configmaps', namespace: 'bare', name: 'settings' },
  { group: '', resource: 'nodes', namespace: '', name: 'node-a' },
];

function refusalOf(spec: Partial<RestoreSpec>, held = HELD) {
  const scope = new RestoreScope({
    ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
    ...{ excludedNamespaces: [], namespaceMapping: {} },
    ...spec,
  });
  for (const item of held) {
    scope.see(item);
  }
  return scope.refusal();
}

test.each<Partial<RestoreSpec>>([
  {},
  { includedNamespaces: ['shop'] },
  { includedNamespaces: ['bare'], namespaceMapping: { bare: 'copy' } },
  { excludedNamespaces: ['shop', 'not-there'] },
])('a restore of what the backup holds is accepted: %o', (spec) => {
  expect(refusalOf(spec)).toBeUndefined();
});

test.each<Partial<RestoreSpec>>([
  { includedNamespaces: ['shop', 'typo'] },
  { includedNamespaces: ['typo'], excludedNamespaces: ['shop'] },
])('a namespace that the backup does not hold is named: %o', (spec) => {
  expect(refusalOf(spec)).toMatchObject({
    code: 'namespace-not-found',
    message: expect.stringContaining('no namespace typo;') as string,
    subject: 'spec.includedNamespaces',
  });
});

test('a mapping of a namespace that the backup does not hold is refused with its field', () => {
  expect(refusalOf({ namespaceMapping: { typo: 'copy' } })).toMatchObject({
    code: 'namespace-not-found',
    subject: 'spec.namespaceMapping',
  });
});

test('a restore that would restore nothing is refused', () => {
  expect(refusalOf({ excludedNamespaces: ['shop', 'bare'] })?.code).toBe('nothing-selected');
  expect(refusalOf({}, [])?.code).toBe('nothing-selected');
});
