import { expect, test } from 'vitest';

import {
  type NamedItem,
  RetriedItems,
  type TriedItem,
} from '../../../domain/restore/retried-items.ts';
import { RESTORE_VERBS, type RestoreSpec } from '../../../domain/restore.ts';

// Goal: what an earlier restore failed at or did not reach is tried again, and nothing else, however many restores
// tried each other again before. Method: lists as restores leave them; `a` to `d` are ConfigMaps of a namespace that
// is restored under another name.

const SPEC: RestoreSpec = {
  ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
  ...{ excludedNamespaces: [], namespaceMapping: { shop: 'copy' } },
};

/** ConfigMaps as a restore leaves them: `a(failed)`, and `a(created, no owners)` of one that still lacks them. */
function configMaps(...outcomes: readonly string[]): readonly TriedItem[] {
  return outcomes.map((outcome) => {
    const [name = '', verb, owners] = outcome.split(/[(),]+ ?/);
    return tried({
      ...{ name, verb: RESTORE_VERBS.find((one) => one === verb) ?? 'failed' },
      ...(owners === 'no owners' ? { awaitsOwners: true } : {}),
    });
  });
}

function tried(change: Partial<TriedItem>): TriedItem {
  const item = { group: '', kind: 'ConfigMap', namespace: 'copy', name: 'a' };
  return { ...item, verb: 'failed', ...change };
}

function configMap(name: string): NamedItem {
  return { group: '', resource: 'configmaps', kind: 'ConfigMap', namespace: 'shop', name };
}

test.each<
  [title: string, lists: readonly [ReturnType<typeof configMaps>, 'all' | 'some'][], string]
>([
  [
    'one that reached all',
    [[configMaps('a(created)', 'b(failed)', 'c(skipped)', 'd(unchanged)'), 'all']],
    'b',
  ],
  ['one that was cancelled', [[configMaps('a(created)', 'b(failed)'), 'some']], 'bcd'],
  ['one that ended before its first item', [[configMaps(), 'some']], 'abcd'],
  [
    'one that was cancelled before it gave owners',
    [[configMaps('a(created, no owners)', 'b(created)', 'c(unchanged, no owners)'), 'some']],
    'acd',
  ],
  [
    'one that was cancelled, of one that reached all',
    [
      [configMaps('b(created)'), 'some'],
      [configMaps('a(created)', 'b(failed)', 'c(failed)', 'd(created)'), 'all'],
    ],
    'c',
  ],
  [
    'one that was cancelled, of one that was cancelled',
    [
      [configMaps('b(created)'), 'some'],
      [configMaps('a(created)', 'b(failed)'), 'some'],
    ],
    'cd',
  ],
])('what is left of %s', (_, lists, left) => {
  const items = new RetriedItems(SPEC);
  for (const [list, reach] of lists) {
    items.begin({ runUid: 'tried', reach });
    items.add(list);
  }
  expect(['a', 'b', 'c', 'd'].filter((name) => items.has(configMap(name))).join('')).toBe(left);
  expect(items.isEmpty).toBe(false);
});

test('items are told apart by group, kind and place, and not by version', () => {
  const items = new RetriedItems(SPEC);
  const deployment = tried({ group: 'apps', kind: 'Deployment', name: 'web' });
  items.begin({ runUid: 'tried', reach: 'all' });
  items.add([deployment, tried({ kind: 'Namespace', namespace: '', name: 'copy' })]);
  const web = { group: 'apps', resource: 'deployments', namespace: 'shop', name: 'web' };
  expect(items.has({ ...web, kind: 'Deployment' })).toBe(true);
  expect(items.has({ ...web, kind: 'StatefulSet' })).toBe(false);
  expect(items.has({ ...web, kind: 'Deployment', group: '' })).toBe(false);
  expect(items.has({ ...web, kind: 'Deployment', namespace: 'till' })).toBe(false);
  const namespace = { group: '', resource: 'namespaces', kind: 'Namespace', namespace: '' };
  expect(items.has({ ...namespace, name: 'shop' })).toBe(true);
});

test('a restore that reached all and failed at nothing leaves nothing', () => {
  const items = new RetriedItems(SPEC);
  items.begin({ runUid: 'tried', reach: 'all' });
  items.add(configMaps('a(created)'));
  expect(items.isEmpty).toBe(true);
});

test('what a plugin has added and an earlier restore has failed at is known, and nothing else', () => {
  const items = new RetriedItems(SPEC);
  items.begin({ runUid: 'tried', reach: 'all' });
  items.add([
    ...[tried({ isAdded: true }), tried({ name: 'b' })],
    tried({ name: 'c', isAdded: true, verb: 'created' }),
  ]);
  const added = ['a', 'b', 'c', 'd'].filter((name) => items.hasAdded(configMap(name)));
  expect(added).toEqual(['a']);
});
