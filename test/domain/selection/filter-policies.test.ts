import fc from 'fast-check';
import { expect, test } from 'vitest';

import { groupResource } from '../../../domain/item.ts';
import {
  type FilterPolicies,
  passesFilterPolicies,
  resolveFilterPolicies,
} from '../../../domain/selection/filter-policies.ts';
import { readFilterPolicies } from '../../../domain/selection/filter-policy-reader.ts';
import { served } from './served-types.ts';

const PODS = served('pods', { kind: 'Pod', shortNames: ['po'] });
const SECRETS = served('secrets', { kind: 'Secret' });
const CLASSES = served('storageclasses.storage.k8s.io', {
  ...{ kind: 'StorageClass', shortNames: ['sc'], isNamespaced: false },
});
const VOLUMES = served('persistentvolumes', { isNamespaced: false });
const TYPES = { served: [PODS, SECRETS, CLASSES, VOLUMES], failedGroups: ['dead.io/v1'] };

type Sections = Parameters<typeof readFilterPolicies>[0];

function resolve(sections: Sections) {
  const read = readFilterPolicies(sections, 'policy:');
  if ('errors' in read) {
    throw new Error(JSON.stringify(read.errors));
  }
  return resolveFilterPolicies(read.written, TYPES);
}

/** The objects that pass, each written as `pods/shop/web app=x`. */
function passing(sections: Sections, objects: readonly string[]): string[] {
  const { policies } = resolve(sections);
  return objects.filter((text) => isPassing(policies, text));
}

function isPassing(policies: FilterPolicies, text: string): boolean {
  const [path = '', ...labels] = text.split(' ');
  const [type = '', ...rest] = path.split('/');
  const name = rest.pop() ?? '';
  const found = TYPES.served.find((one) => groupResource(one) === type);
  return (
    found !== undefined &&
    passesFilterPolicies(policies, {
      type: found,
      namespace: rest[0] ?? '',
      name,
      labels: Object.fromEntries(labels.map((label) => label.split('='))) as Record<string, string>,
    })
  );
}

function inShop(...resourceFilters: object[]): Sections {
  return { namespacedFilterPolicies: [{ namespaces: ['shop'], resourceFilters }] };
}

test.each<[string, Sections, { taken: string[]; left: string[] }]>([
  [
    'an object of a namespace that no policy names is not filtered',
    inShop({ kinds: ['pods'] }),
    { taken: ['pods/bank/web', 'secrets/bank/key', 'persistentvolumes/pv-1'], left: [] },
  ],
  [
    'a policy takes only what a filter of it takes',
    inShop({ kinds: ['Pod'] }),
    { taken: ['pods/shop/web'], left: ['secrets/shop/key'] },
  ],
  [
    'a filter without kinds is for the types that no other names',
    inShop({ kinds: ['po'], names: ['web-*'] }, {}),
    { taken: ['pods/shop/web-1', 'secrets/shop/key'], left: ['pods/shop/db-1'] },
  ],
  [
    'a star is for them as well',
    inShop({ kinds: ['*'], excludedNames: ['tmp-?'] }),
    { taken: ['pods/shop/web', 'secrets/shop/tmp-10'], left: ['secrets/shop/tmp-1'] },
  ],
  [
    'all that a filter asks has to hold',
    inShop({
      kinds: ['pods'],
      names: ['web-*'],
      excludedNames: ['*-2'],
      labelSelector: { a: 'x' },
    }),
    {
      taken: ['pods/shop/web-1 a=x'],
      left: ['pods/shop/web-2 a=x', 'pods/shop/db-1 a=x', 'pods/shop/web-1', 'pods/shop/web-1 a=y'],
    },
  ],
  [
    'of several selectors one is enough, in either way to write them',
    inShop({
      kinds: ['pods'],
      orLabelSelectors: [
        { a: 'x' },
        { matchExpressions: [{ key: 'b', operator: 'In', values: ['y'] }] },
      ],
    }),
    { taken: ['pods/shop/1 a=x', 'pods/shop/2 b=y'], left: ['pods/shop/3 b=x'] },
  ],
  [
    'of several filters that name a type one is enough',
    inShop({ kinds: ['pods'], names: ['a'] }, { kinds: ['po'], names: ['b'] }, {}),
    { taken: ['pods/shop/a', 'pods/shop/b'], left: ['pods/shop/c'] },
  ],
  [
    'a filter of a type that is not known takes nothing',
    inShop({ kinds: ['widgets.dead.io'] }),
    { taken: [], left: ['pods/shop/web'] },
  ],
  [
    'the name of a namespace counts more than a pattern, and then the first pattern',
    {
      namespacedFilterPolicies: [
        { namespaces: ['team-*'], resourceFilters: [{ names: ['first'] }] },
        { namespaces: ['*-a'], resourceFilters: [{ names: ['second'] }] },
        { namespaces: ['team-b'], resourceFilters: [{ names: ['exact'] }] },
      ],
    },
    {
      taken: ['pods/team-a/first', 'pods/team-b/exact', 'pods/my-a/second'],
      left: ['pods/team-a/second', 'pods/team-b/first', 'pods/my-a/first'],
    },
  ],
  [
    'of cluster-scoped types those that are named are filtered',
    { clusterScopedFilterPolicy: { resourceFilters: [{ kinds: ['sc'], names: ['fast'] }] } },
    {
      taken: ['storageclasses.storage.k8s.io/fast', 'persistentvolumes/pv-1', 'pods/shop/web'],
      left: ['storageclasses.storage.k8s.io/slow'],
    },
  ],
])('%s: %o', (_title, sections, { taken, left }) => {
  expect(passing(sections, [...taken, ...left])).toEqual(taken);
});

test('names that no type of the scope has are told with their place', () => {
  const { unknown } = resolve({
    ...inShop({ kinds: ['pods', 'podz', 'sc', 'widgets.dead.io'] }),
    clusterScopedFilterPolicy: { resourceFilters: [{ kinds: ['pods'] }] },
  });
  const kinds = 'policy:/namespacedFilterPolicies/0/resourceFilters/0/kinds';
  expect(unknown).toEqual([
    { pointer: kinds, name: 'podz' },
    { pointer: kinds, name: 'sc' },
    { pointer: 'policy:/clusterScopedFilterPolicy/resourceFilters/0/kinds', name: 'pods' },
  ]);
});

test('policies that were resolved can be stored as JSON', () => {
  const { policies } = resolve(inShop({ kinds: ['po'], names: ['web'] }, {}));
  expect(JSON.parse(JSON.stringify(policies))).toEqual(policies);
});

test('a filter narrows: with one more condition no more objects pass', () => {
  const objects = ['pods/shop/a', 'pods/shop/b x=1', 'secrets/shop/a x=1', 'secrets/shop/b x=2'];
  const conditions = fc.record(
    {
      kinds: fc.constantFrom(['pods'], ['secrets'], ['*'], []),
      names: fc.constantFrom(['a'], ['?']),
      excludedNames: fc.constantFrom(['b'], ['z*']),
      labelSelector: fc.constantFrom({ x: '1' }, {}),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      conditions,
      fc.constantFrom('names', 'excludedNames', 'labelSelector'),
      (filter, field) => {
        const without = Object.fromEntries(
          Object.entries(filter).filter(([name]) => name !== field),
        );
        expect(passing(inShop(without), objects)).toEqual(
          expect.arrayContaining(passing(inShop(filter), objects)),
        );
      },
    ),
  );
});

function errorsOf(sections: Sections): (readonly [string, string])[] {
  const read = readFilterPolicies(sections, 'policy:');
  const errors = 'errors' in read ? read.errors : [];
  expect(errors.every(({ code }) => code === 'policy-not-usable')).toBe(true);
  return errors.map(({ pointer, detail }) => [pointer, detail.slice(pointer.length + 1)]);
}

test('sections that are not there filter nothing', () => {
  expect(resolve({}).policies).toEqual({ namespaced: [], cluster: [] });
  expect(errorsOf({ clusterScopedFilterPolicy: null })).toEqual([]);
});

const FILTER = 'policy:/namespacedFilterPolicies/0/resourceFilters/0';

test.each<[Sections, [string, string][]]>([
  [
    { namespacedFilterPolicies: {}, clusterScopedFilterPolicy: [] },
    [
      ['policy:/namespacedFilterPolicies', 'must be a list'],
      ['policy:/clusterScopedFilterPolicy', 'must be a mapping'],
    ],
  ],
  [
    { namespacedFilterPolicies: [{ namespaces: ['a**', 'Shop'], resourceFilters: [], more: 1 }] },
    [
      ['policy:/namespacedFilterPolicies/0/more', 'is not known'],
      ['policy:/namespacedFilterPolicies/0/namespaces/0', 'has "**"'],
      ['policy:/namespacedFilterPolicies/0/namespaces/1', 'has "Shop"'],
      ['policy:/namespacedFilterPolicies/0/resourceFilters', 'at least one filter'],
    ],
  ],
  [
    { namespacedFilterPolicies: [{ namespaces: [], resourceFilters: [{}, { kinds: ['*'] }] }] },
    [
      ['policy:/namespacedFilterPolicies/0/namespaces', 'at least one namespace'],
      ['policy:/namespacedFilterPolicies/0/resourceFilters', 'two filters without kinds'],
    ],
  ],
  [
    inShop({ kinds: ['*', 'pods'], names: ['a{b'], excludedNames: [1], labels: {} }),
    [
      [`${FILTER}/labels`, 'is not known'],
      [`${FILTER}/kinds`, '"*" beside names'],
      [`${FILTER}/names/0`, 'has "{"'],
      [`${FILTER}/excludedNames/0`, 'must be text'],
    ],
  ],
  [
    inShop({ kinds: [''], labelSelector: { 'a b': 'x' }, orLabelSelectors: [{ a: 1 }] }),
    [
      [`${FILTER}/kinds/0`, 'has an empty name'],
      [`${FILTER}/orLabelSelectors/0/a`, 'must be text'],
      [`${FILTER}/orLabelSelectors`, 'does not go with labelSelector'],
      [`${FILTER}/labelSelector/matchLabels/a b`, 'has the key "a b"'],
    ],
  ],
  [
    inShop({ labelSelector: { matchLabels: { a: 'x' }, matchExpressions: [{ operator: 'Is' }] } }),
    [
      [`${FILTER}/labelSelector/matchExpressions/0/operator`, 'must be one of In, NotIn'],
      [`${FILTER}/labelSelector/matchExpressions/0/key`, 'must be text'],
    ],
  ],
  [
    { clusterScopedFilterPolicy: { resourceFilters: [{ names: ['a'] }] } },
    [['policy:/clusterScopedFilterPolicy/resourceFilters/0/kinds', 'must name types']],
  ],
])('%o is refused, and every fault is told with its place: %o', (sections, faults) => {
  expect(errorsOf(sections)).toEqual(
    faults.map(([pointer, detail]) => [pointer, expect.stringContaining(detail) as string]),
  );
});
