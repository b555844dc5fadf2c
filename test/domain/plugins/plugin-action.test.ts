import { expect, it } from 'vitest';

import { actionsFor, backupActionsOf, notAsked } from '../../../domain/plugins/plugin-action.ts';
import { PLUGIN_DEFAULTS, type RegisteredPlugin } from '../../../domain/plugins/plugin.ts';

function plugin(
  name: string,
  backupActions?: RegisteredPlugin['description']['backupActions'],
): RegisteredPlugin {
  const restoreActions = [{ name: 'only-restores' }];
  return {
    ...{ name, spec: PLUGIN_DEFAULTS, describedAt: '2026-01-01T00:00:00Z' },
    description: {
      ...{ contract: 'v1', restoreActions },
      ...(backupActions === undefined ? {} : { backupActions }),
    },
  };
}

const CLAIMS = { includedResources: ['persistentvolumeclaims'] };
const ACTIONS = backupActionsOf([
  plugin('a', [{ name: 'second' }, { name: 'first', selector: CLAIMS, onError: 'Continue' }]),
  plugin('b'),
  plugin('c', [{ name: 'last', selector: { excludedNamespaces: ['shop'] } }]),
]);

it('has the actions for backups in the order in which plugins tell of them', () => {
  expect(ACTIONS).toEqual([
    { plugin: 'a', action: 'second', onError: 'Fail' },
    { plugin: 'a', action: 'first', onError: 'Continue', selector: CLAIMS },
    ...[
      { plugin: 'c', action: 'last', onError: 'Fail', selector: { excludedNamespaces: ['shop'] } },
    ],
  ]);
  expect(backupActionsOf([])).toEqual([]);
});

it.each([
  { resource: 'pods', namespace: 'shop', names: ['second'] },
  { resource: 'persistentvolumeclaims', namespace: 'shop', names: ['second', 'first'] },
  { resource: 'pods', namespace: 'bank', names: ['second', 'last'] },
  { resource: 'nodes', namespace: '', names: ['second', 'last'] },
])('shows $resource in "$namespace" to $names', ({ names, ...item }) => {
  const found = actionsFor(ACTIONS, { group: '', ...item });
  expect(found.map(({ action }) => action)).toEqual(names);
});

it('tells in one report of all items of a type that came later', () => {
  const call = { plugin: 'mover', action: 'upload', onError: 'Continue' } as const;
  const one = notAsked(call, 'pods', { first: 'shop/web', count: 1 });
  expect(one.code).toBe('plugin-not-asked');
  expect(one.message).toContain('was not asked about pods/shop/web, which came after it was asked');
  const three = notAsked(call, 'pods', { first: 'shop/web', count: 3 });
  expect(three.message).toContain(
    'was not asked about pods/shop/web and 2 more, which came after it was asked',
  );
  expect(three.subject).toBe(one.subject);
  // Another part of the backup tells of others.
  const other = notAsked(call, 'pods', { first: 'shop/db', count: 1 });
  expect(other.subject).not.toBe(one.subject);
  expect(one.message).toContain('the backup has them as they are');
  const strict = notAsked({ ...call, onError: 'Fail' }, 'pods', { first: 'shop/web', count: 1 });
  expect(strict.message).toContain('they are left out');
});
