import { expect, it } from 'vitest';

import { maySelectType, selects } from '../../../domain/plugins/plugin-selector.ts';
import type { PluginSelector } from '../../../domain/plugins/contract.ts';

const WEB = {
  group: 'apps',
  resource: 'deployments',
  namespace: 'shop',
  labels: { app: 'web' },
};

const CASES: readonly [string, PluginSelector, boolean][] = [
  ['nothing said', {}, true],
  ['its type with the group', { includedResources: ['deployments.apps'] }, true],
  ['its type alone', { includedResources: ['Deployments'] }, true],
  ['all types', { includedResources: ['*'] }, true],
  ['a pattern of its group', { includedResources: ['*.apps'] }, true],
  ['a pattern of another group', { includedResources: ['*.batch'] }, false],
  ['a pattern that leaves its type out', { excludedResources: ['deploy*'] }, false],
  ['another group', { includedResources: ['deployments.extensions'] }, false],
  ['another type', { includedResources: ['pods'] }, false],
  ['no type', { includedResources: [] }, false],
  ['its type left out', { excludedResources: ['deployments'] }, false],
  ['its namespace', { includedNamespaces: ['shop'] }, true],
  ['a pattern of its namespace', { includedNamespaces: ['sh*'] }, true],
  ['another namespace', { includedNamespaces: ['bank'] }, false],
  ['its namespace left out', { excludedNamespaces: ['sh*'] }, false],
  ['its label', { labelSelector: { matchLabels: { app: 'web' } } }, true],
  ['another label', { labelSelector: { matchLabels: { app: 'db' } } }, false],
];

it.each(CASES)('decides by what an action wants to see: %s', (_title, selector, isSeen) => {
  expect(selects(selector, WEB)).toBe(isSeen);
});

it('shows cluster-scoped items whatever the namespaces', () => {
  const item = { group: '', resource: 'persistentvolumes', namespace: '' };
  expect(selects({ includedNamespaces: ['shop'] }, item)).toBe(true);
  expect(selects({ excludedNamespaces: ['*'] }, item)).toBe(true);
});

it('knows types of which it need not list anything', () => {
  expect(maySelectType({ includedResources: ['pods'] }, WEB)).toBe(false);
  expect(maySelectType(undefined, WEB)).toBe(true);
});
