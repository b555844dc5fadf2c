import { expect, test } from 'vitest';

import { RestoreScope } from '../../../domain/restore/restore-scope.ts';
import type { SelectableItem } from '../../../domain/restore/restore-selection.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';

const HELD: readonly SelectableItem[] = [
  { group: '', resource: 'namespaces', kind: 'Namespace', namespace: '', name: 'shop' },
  { group: '', resource: 'configmaps', kind: 'ConfigMap', namespace: 'shop', name: 'settings' },
  // Its namespace object is not in the backup; its content is.
  { group: '', resource: 'configmaps', kind: 'ConfigMap', namespace: 'bare', name: 'settings' },
  { group: '', resource: 'nodes', kind: 'Node', namespace: '', name: 'node-a' },
];

function refusalOf(spec: Partial<RestoreSpec>, held = HELD) {
  const all = {
    ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
    ...{ excludedNamespaces: [], namespaceMapping: {} },
  };
  const scope = new RestoreScope({ spec: { ...all, ...spec }, own: 'holdfast' });
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

test('a restore of nothing but the Holdfast that restores says how to ask for that', () => {
  const own = { ...HELD[1], namespace: 'holdfast' } as SelectableItem;
  expect(refusalOf({}, [own])).toMatchObject({
    code: 'nothing-selected',
    message: expect.stringMatching(/Holdfast's own and not named; name its namespace/) as string,
  });
  expect(refusalOf({ includedNamespaces: ['holdfast'] }, [own])).toBeUndefined();
});

test.each<Partial<RestoreSpec>>([
  {},
  { includedNamespaces: ['b*', 'shop'] },
  { includedResources: ['configmaps'] },
  { excludedNamespaces: ['not-there'] },
])('two namespaces that would become one are refused, with both names: %o', (spec) => {
  expect(refusalOf({ ...spec, namespaceMapping: { shop: 'bare' } })).toEqual({
    code: 'mapping-not-usable',
    message: expect.stringMatching(/^shop would be restored into bare, /) as string,
    subject: 'spec.namespaceMapping',
  });
});

test.each<[string, Partial<RestoreSpec>]>([
  ['a swap', { namespaceMapping: { shop: 'bare', bare: 'shop' } }],
  ['a chain', { namespaceMapping: { shop: 'bare', bare: 'copy' } }],
  ['itself', { namespaceMapping: { shop: 'shop' } }],
  ['one that is excluded', { namespaceMapping: { shop: 'bare' }, excludedNamespaces: ['bare'] }],
  [
    'one of which nothing is selected',
    { namespaceMapping: { shop: 'bare' }, labelSelector: { matchLabels: { app: 'web' } } },
  ],
  [
    'one, of a namespace that is not selected',
    { namespaceMapping: { shop: 'bare' }, includedNamespaces: ['bare'] },
  ],
])('a namespace may be mapped to %s', (_, spec) => {
  const labelled = { ...HELD[1], labels: { app: 'web' } } as SelectableItem;
  expect(refusalOf(spec, [...HELD, labelled])).toBeUndefined();
});
