import { expect, test } from 'vitest';

import { resourceFilterErrors } from '../../../domain/selection/resource-filter-errors.ts';

type Filters = Parameters<typeof resourceFilterErrors>[0];

const SELECTOR = { matchLabels: { app: 'shop' } };

test.each<Filters>([
  {},
  { includedResources: ['*'], excludedResources: ['secrets'], includeClusterResources: false },
  { includedResources: ['*.apps', 'po'], excludedResources: [] },
  { excludedClusterScopedResources: ['*'], includedNamespaceScopedResources: ['pods'] },
  // A list that is empty is one that is left out.
  { includedResources: [], includedClusterScopedResources: ['pv'] },
  { labelSelector: SELECTOR, orLabelSelectors: [] },
  { orLabelSelectors: [SELECTOR, SELECTOR] },
])('filters that do not contradict each other are accepted: %o', (spec) => {
  expect(resourceFilterErrors(spec)).toEqual([]);
});

test.each<[Filters, string, string]>([
  [
    { includeClusterResources: true, excludedNamespaceScopedResources: ['secrets'] },
    '/spec/includeClusterResources',
    'does not go with /spec/excludedNamespaceScopedResources',
  ],
  [{ includedResources: ['*', 'pods'] }, '/spec/includedResources', '"*" beside names'],
  [
    { excludedClusterScopedResources: ['*', 'pv'] },
    '/spec/excludedClusterScopedResources',
    '"*" beside names',
  ],
  [{ excludedResources: ['*'] }, '/spec/excludedResources', 'leaves nothing'],
  [
    { includedNamespaceScopedResources: ['pods'], excludedNamespaceScopedResources: ['*'] },
    '/spec/excludedNamespaceScopedResources',
    'though /spec/includedNamespaceScopedResources has names',
  ],
  [
    { includedResources: ['pods', 'secrets'], excludedResources: ['secrets'] },
    '/spec/excludedResources',
    'names secrets, which is included too',
  ],
  [{ includedResources: ['pods', ' '] }, '/spec/includedResources', 'an empty name'],
  [{ includedResources: ['*.{a,b}'] }, '/spec/includedResources', 'has "{"'],
  [
    { labelSelector: SELECTOR, orLabelSelectors: [SELECTOR] },
    '/spec/orLabelSelectors',
    'does not go with /spec/labelSelector',
  ],
])('%o is refused at %s: %s', (spec, pointer, named) => {
  expect(resourceFilterErrors(spec)).toEqual([
    { pointer, code: 'invalid-request', detail: expect.stringContaining(named) as string },
  ]);
});

test('all that is wrong is told at once', () => {
  const errors = resourceFilterErrors({
    includedResources: ['pods', ''],
    includeClusterResources: false,
    includedClusterScopedResources: ['pv', '*'],
    labelSelector: SELECTOR,
    orLabelSelectors: [SELECTOR],
  });
  expect(errors.map(({ pointer }) => pointer)).toEqual([
    '/spec/includedResources',
    '/spec/includeClusterResources',
    '/spec/includedResources',
    '/spec/includedClusterScopedResources',
    '/spec/orLabelSelectors',
  ]);
});
