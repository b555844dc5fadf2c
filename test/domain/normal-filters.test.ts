import fc from 'fast-check';
import { expect, test } from 'vitest';

import { canonicalJson } from '../../domain/canonical-json.ts';
import { type BackupFilters, normalFilters } from '../../domain/normal-filters.ts';

// Goal: requests that ask for the same are the same text, and what says nothing is not there. Method: filters of
// random values against the same ones in another order and with repetitions.

const word = fc.constantFrom('a', 'b', 'c', 'd');
const words = fc.array(word, { maxLength: 4 });
const selector = fc.record(
  {
    matchLabels: fc.dictionary(word, word, { maxKeys: 3 }),
    matchExpressions: fc.array(
      fc.record({ key: word, operator: fc.constantFrom('In', 'NotIn'), values: words }),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
);
const filters: fc.Arbitrary<BackupFilters> = fc.record(
  {
    includedResources: words,
    excludedClusterScopedResources: words,
    includeClusterResources: fc.boolean(),
    labelSelector: selector,
    orLabelSelectors: fc.array(selector, { maxLength: 3 }),
    orderedResources: fc.dictionary(word, word, { maxKeys: 2 }),
    snapshotVolumes: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** The same with every list turned round and its first element said twice. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) {
    const parts: unknown[] = value;
    return [...parts, ...parts.slice(0, 1)].reverse().map(turned);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, turned(part)]))
    : value;
}

test('filters that ask for the same have the same text', () => {
  fc.assert(
    fc.property(filters, (made) => {
      // Turned lists are lists of the same elements.
      const again = turned(made) as BackupFilters;
      expect(canonicalJson(normalFilters(again))).toBe(canonicalJson(normalFilters(made)));
    }),
  );
});

test('filters in their normal form stay as they are, and none of them is empty', () => {
  fc.assert(
    fc.property(filters, (made) => {
      const normal = normalFilters(made);
      expect(normalFilters(normal)).toEqual(normal);
      expect(JSON.stringify(normal)).not.toMatch(/\[\]|\{\}./);
    }),
  );
});

test('empty lists, empty selectors and the default versions are as good as nothing', () => {
  expect(
    normalFilters({
      includedResources: [],
      labelSelector: { matchLabels: {}, matchExpressions: [] },
      orLabelSelectors: [{}],
      orderedResources: {},
      apiVersions: 'Preferred',
      volumeVerification: 'ReadBack',
    }),
  ).toEqual({});
  expect(normalFilters({ volumeVerification: 'Counts' })).toEqual({ volumeVerification: 'Counts' });
});

test('false is said as well as true, and the order of ordered resources is kept', () => {
  const said = { includeClusterResources: false, orderedResources: { pods: 'shop/b,shop/a' } };
  expect(normalFilters(said)).toEqual(said);
  expect(normalFilters({ orderedResources: { ' pods ': 'shop/b , shop/a' } })).toEqual({
    orderedResources: { pods: 'shop/b,shop/a' },
  });
});
