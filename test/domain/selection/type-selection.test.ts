import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { ResourceLists } from '../../../domain/backup.ts';
import { groupResource, type ServedType } from '../../../domain/item.ts';
import {
  selectTypes,
  type SelectionContext,
  type TypeDecision,
} from '../../../domain/selection/type-selection.ts';
import { served } from './served-types.ts';

const CLUSTER = { isNamespaced: false };
const SERVED = [
  served('pods', { kind: 'Pod', shortNames: ['po'] }),
  served('persistentvolumes', { ...CLUSTER, kind: 'PersistentVolume', shortNames: ['pv'] }),
  served('secrets', { kind: 'Secret' }),
  served('events', { kind: 'Event', shortNames: ['ev'] }),
  served('namespaces', { ...CLUSTER, kind: 'Namespace', shortNames: ['ns'] }),
  served('deployments.apps', { kind: 'Deployment', shortNames: ['deploy'] }),
  served('events.events.k8s.io', { kind: 'Event', shortNames: ['ev'] }),
  served('storageclasses.storage.k8s.io', { ...CLUSTER, kind: 'StorageClass' }),
  served('volumesnapshots.snapshot.storage.k8s.io', { kind: 'VolumeSnapshot' }),
  served('volumesnapshotcontents.snapshot.storage.k8s.io', CLUSTER),
];
/** All names that the properties choose from, with the types that they stand for. */
const NAMES = new Map<string, readonly string[]>([
  ...SERVED.map((type) => [groupResource(type), [groupResource(type)]] as const),
  ['events.events.k8s.io', ['events']],
  ['Pod', ['pods']],
  ['pv', ['persistentvolumes']],
  ['deploy', ['deployments.apps']],
  ['*.storage.k8s.io', SERVED.map(groupResource).filter((name) => name.includes('storage.'))],
  ['*', SERVED.map(groupResource).filter((name) => name !== 'events.events.k8s.io')],
]);

type Spec = ResourceLists & {
  readonly includedNamespaces?: readonly string[];
  readonly excludedNamespaces?: readonly string[];
};

function select(spec: Spec, more: Partial<SelectionContext> = {}) {
  const all = { includedNamespaces: ['*'], ...spec };
  return selectTypes(all, { served: SERVED, failedGroups: [], ...more });
}

/** A decision in a word: `all`, `related: <reason>`, `none: <reason>`. */
function word({ isCollected, isRelatedTaken, reason }: TypeDecision): string {
  if (isCollected) {
    return reason === undefined && isRelatedTaken ? 'all' : 'wrong';
  }
  return `${isRelatedTaken ? 'related' : 'none'}: ${reason ?? 'wrong'}`;
}

function words(spec: Spec, more: Partial<SelectionContext> = {}): Record<string, string> {
  const { decisions } = select(spec, more);
  return Object.fromEntries([...decisions].map(([name, decision]) => [name, word(decision)]));
}

const SHOP = { includedNamespaces: ['shop'] };
const VOLUMES = 'persistentvolumes';
const CLASSES = 'storageclasses.storage.k8s.io';
const DEPLOYMENTS = 'deployments.apps';

const RULES: [string, Spec, Record<string, string>][] = [
  // No filter by type.
  ['a backup without filters takes every type', {}, { pods: 'all', [CLASSES]: 'all' }],
  [
    'excluded namespaces leave cluster-scoped types in',
    { excludedNamespaces: ['shop'] },
    { [CLASSES]: 'all', namespaces: 'all' },
  ],
  [
    'chosen namespaces take what is related',
    SHOP,
    { [VOLUMES]: 'related: cluster-scope', namespaces: 'all', pods: 'all' },
  ],
  [
    'snapshot objects are never taken',
    { includedResources: ['volumesnapshots', 'volumesnapshotcontents'] },
    {
      'volumesnapshots.snapshot.storage.k8s.io': 'none: snapshot-objects',
      'volumesnapshotcontents.snapshot.storage.k8s.io': 'none: snapshot-objects',
    },
  ],
  [
    'the same objects are taken under one group',
    { includedResources: ['events.events.k8s.io'] },
    { events: 'all', 'events.events.k8s.io': 'none: cohabiting', pods: 'none: not-included' },
  ],
  // The older family.
  [
    'an include list narrows',
    { includedResources: ['po', 'deploy.apps'] },
    { pods: 'all', [DEPLOYMENTS]: 'all', secrets: 'none: not-included' },
  ],
  [
    'an include list without namespaces leaves them out, also where cluster-scoped objects are asked for',
    { ...SHOP, includedResources: ['pods'], includeClusterResources: true },
    { pods: 'all', namespaces: 'none: not-included' },
  ],
  ['namespaces can be named', { ...SHOP, includedResources: ['ns'] }, { namespaces: 'all' }],
  [
    'a list of unknown names narrows as well',
    { includedResources: ['widgets'] },
    { pods: 'none: not-included' },
  ],
  [
    'an exclude list wins over all types',
    { includedResources: ['*'], excludedResources: ['Secret'] },
    { secrets: 'none: excluded', pods: 'all', [CLASSES]: 'all' },
  ],
  ['namespaces can be excluded', { excludedResources: ['ns'] }, { namespaces: 'none: excluded' }],
  [
    'a pattern names every type that it matches',
    { includedResources: ['*.storage.k8s.io'] },
    { [CLASSES]: 'all', pods: 'none: not-included' },
  ],
  [
    'a type that is named is taken with all namespaces',
    { includedResources: ['pods', 'pv'], excludedNamespaces: ['kube-system'] },
    { [VOLUMES]: 'all', [CLASSES]: 'none: not-included' },
  ],
  [
    'a cluster-scoped type that is named is related with chosen namespaces',
    { ...SHOP, includedResources: ['pods', 'pv'] },
    { [VOLUMES]: 'related: cluster-scope', [CLASSES]: 'none: not-included' },
  ],
  [
    'true takes all that the lists allow, and what is related',
    { ...SHOP, includeClusterResources: true, includedResources: ['pods', 'storageclasses'] },
    { [CLASSES]: 'all', [VOLUMES]: 'related: not-included' },
  ],
  [
    'true does not take what is excluded',
    { includeClusterResources: true, excludedResources: ['pv'] },
    { [CLASSES]: 'all', [VOLUMES]: 'none: excluded' },
  ],
  [
    'false takes no cluster-scoped object at all',
    { includeClusterResources: false, includedResources: ['pods', 'pv'] },
    { pods: 'all', [VOLUMES]: 'none: excluded', namespaces: 'none: excluded' },
  ],
  // The newer family.
  [
    'a list of cluster-scoped types takes them, and what is related of the others',
    { ...SHOP, includedClusterScopedResources: ['storageclasses'] },
    { [CLASSES]: 'all', [VOLUMES]: 'related: not-included', pods: 'all', namespaces: 'all' },
  ],
  [
    'all cluster-scoped types can be asked for with chosen namespaces',
    { ...SHOP, includedClusterScopedResources: ['*'] },
    { [CLASSES]: 'all', [VOLUMES]: 'all' },
  ],
  [
    'chosen namespaced types take of cluster-scoped ones what is related',
    { includedNamespaceScopedResources: ['pods'] },
    { pods: 'all', secrets: 'none: not-included', [CLASSES]: 'related: cluster-scope' },
  ],
  [
    'all namespaced types by name take every cluster-scoped type',
    { includedNamespaceScopedResources: ['*'] },
    { secrets: 'all', [CLASSES]: 'all' },
  ],
  [
    'excluded types leave the other cluster-scoped types in',
    { excludedNamespaceScopedResources: ['secrets'], excludedClusterScopedResources: ['pv'] },
    { secrets: 'none: excluded', [VOLUMES]: 'none: excluded', [CLASSES]: 'all' },
  ],
  [
    'all types of a scope can be excluded',
    { excludedClusterScopedResources: ['*'] },
    { pods: 'all', [VOLUMES]: 'none: excluded', namespaces: 'none: excluded' },
  ],
  [
    'a name of the other scope is not that of a type',
    { excludedNamespaceScopedResources: ['pv'] },
    { [VOLUMES]: 'all' },
  ],
];

test.each(RULES)('%s: %o', (_title, spec, expected) => {
  expect(words(spec)).toMatchObject(expected);
});

test.each<[string, ResourceLists, { policy: ResourceLists; expected: Record<string, string> }]>([
  [
    'a policy narrows a request that names nothing',
    {},
    {
      policy: {
        includedNamespaceScopedResources: ['pods'],
        excludedClusterScopedResources: ['pv'],
      },
      expected: {
        pods: 'all',
        secrets: 'none: not-included',
        [VOLUMES]: 'none: excluded',
        [CLASSES]: 'related: cluster-scope',
      },
    },
  ],
  [
    'a policy adds to what a request includes',
    { includedClusterScopedResources: ['pv'] },
    {
      policy: { includedClusterScopedResources: ['storageclasses'] },
      expected: { [VOLUMES]: 'all', [CLASSES]: 'all' },
    },
  ],
  [
    'the request wins for a type that both name',
    { includedNamespaceScopedResources: ['pods'], excludedClusterScopedResources: ['pv'] },
    {
      policy: {
        excludedNamespaceScopedResources: ['po'],
        includedClusterScopedResources: ['pv'],
      },
      expected: { pods: 'all', [VOLUMES]: 'none: excluded' },
    },
  ],
  [
    'a policy does not take from a request for all types',
    { includedNamespaceScopedResources: ['*'] },
    {
      policy: { excludedNamespaceScopedResources: ['secrets'] },
      expected: { secrets: 'all', [CLASSES]: 'all' },
    },
  ],
  [
    'a policy says nothing to the older filters',
    { includedResources: ['secrets'] },
    {
      policy: { excludedNamespaceScopedResources: ['secrets'] },
      expected: { secrets: 'all' },
    },
  ],
])('%s: %o with %o', (_title, spec, { policy, expected }) => {
  expect(words(spec, { policy })).toMatchObject(expected);
});

test('names that nobody knows are told where something is to be included', () => {
  const failedGroups = ['metrics.example.com/v1'];
  const old = { includedResources: ['pods', 'podz', 'widgets.metrics.example.com', '*.none.com'] };
  expect(select({ ...old, excludedResources: ['gone'] }, { failedGroups }).unknown).toEqual([
    { pointer: '/spec/includedResources', name: 'podz' },
  ]);
  const scoped = { includedClusterScopedResources: ['pods', 'pv'] };
  const policy = { includedNamespaceScopedResources: ['podz'] };
  expect(select(scoped, { policy }).unknown).toEqual([
    {
      pointer: 'resourcePolicy:/includeExcludePolicy/includedNamespaceScopedResources',
      name: 'podz',
    },
    { pointer: '/spec/includedClusterScopedResources', name: 'pods' },
  ]);
});

test('a name of several types is told once, with the type that is taken', () => {
  const knative = served('pods.knative.example.com', { kind: 'Pod' });
  const spec = { includedResources: ['pods'], excludedResources: ['pods'] };
  expect(select(spec, { served: [...SERVED, knative] }).ambiguous).toEqual([
    { name: 'pods', taken: 'pods', others: ['pods.knative.example.com'] },
  ]);
});

const lists = fc.array(fc.constantFrom(...NAMES.keys()), { maxLength: 3 });
const namespaces = {
  includedNamespaces: fc.constantFrom(['*'], ['shop', 'team-*']),
  excludedNamespaces: fc.constantFrom([], ['kube-system']),
};
const oldSpecs = fc.record(
  {
    ...namespaces,
    includedResources: lists,
    excludedResources: lists,
    includeClusterResources: fc.boolean(),
  },
  { requiredKeys: ['includedNamespaces'] },
);
const scopedSpecs = fc.record(
  {
    ...namespaces,
    includedClusterScopedResources: lists,
    excludedClusterScopedResources: lists,
    includedNamespaceScopedResources: lists,
    excludedNamespaceScopedResources: lists,
  },
  { requiredKeys: ['includedNamespaces'] },
);
const specs: fc.Arbitrary<Spec> = fc.oneof(oldSpecs, scopedSpecs);

/** The rules once more, one type and one question at a time. */
class Reference {
  readonly #spec: Spec;

  constructor(spec: Spec) {
    this.#spec = spec;
  }

  isCollected(type: ServedType): boolean {
    const name = groupResource(type);
    const isOutOfQuestion =
      name.startsWith('volumesnapshot') ||
      name === 'events.events.k8s.io' ||
      this.#isIn(name, this.#spec.excludedResources);
    if (isOutOfQuestion) {
      return false;
    }
    return type.isNamespaced ? this.#isNamespacedTaken(name) : this.#isClusterTypeTaken(name);
  }

  #isNamespacedTaken(name: string): boolean {
    const { includedResources, includedNamespaceScopedResources } = this.#spec;
    return (
      this.#isListed(name, includedResources) &&
      this.#isListed(name, includedNamespaceScopedResources) &&
      !this.#isIn(name, this.#spec.excludedNamespaceScopedResources)
    );
  }

  #isClusterTypeTaken(name: string): boolean {
    const { includedClusterScopedResources: asked, includeClusterResources } = this.#spec;
    if (
      this.#isIn(name, this.#spec.excludedClusterScopedResources) ||
      includeClusterResources === false
    ) {
      return false;
    }
    if (name === 'namespaces') {
      return this.#isListed(name, this.#spec.includedResources);
    }
    if (this.#isIn(name, asked)) {
      return true;
    }
    return (
      (asked ?? []).length === 0 &&
      this.#isListed(name, this.#spec.includedResources) &&
      (includeClusterResources === true || this.#isWhole())
    );
  }

  #isWhole(): boolean {
    const chosen = this.#spec.includedNamespaceScopedResources ?? [];
    const isNarrow = chosen.length > 0 && !chosen.includes('*');
    return this.#spec.includedNamespaces?.includes('*') === true && !isNarrow;
  }

  #isListed(name: string, list: readonly string[] = []): boolean {
    return list.length === 0 || this.#isIn(name, list);
  }

  #isIn(name: string, list: readonly string[] = []): boolean {
    return list.some((written) => NAMES.get(written)?.includes(name));
  }
}

test('every decision is what the rules say about the type alone', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      const reference = new Reference(spec);
      const { decisions } = select(spec);
      const collected = [...decisions].filter(([, { isCollected }]) => isCollected);
      const expected = SERVED.filter((type) => reference.isCollected(type));
      expect(collected.map(([name]) => name)).toEqual(expected.map(groupResource));
      expect([...decisions.values()].map(word).filter((text) => text.includes('wrong'))).toEqual(
        [],
      );
    }),
    { numRuns: 2000 },
  );
});

test('what was included and excluded once stays so when it is done again', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      const once = select(spec);
      const taken = SERVED.filter((type) => once.decisions.get(groupResource(type))?.isCollected);
      const again = select(spec, { served: taken });
      expect([...again.decisions.values()].every(({ isCollected }) => isCollected)).toBe(true);
    }),
  );
});

test('neither the order nor the number of times that a type is named makes a difference', () => {
  const turned = (names?: readonly string[]) => [...(names ?? []).toReversed(), ...(names ?? [])];
  fc.assert(
    fc.property(scopedSpecs, (spec) => {
      const doubled: Spec = {
        ...spec,
        includedClusterScopedResources: turned(spec.includedClusterScopedResources),
        excludedClusterScopedResources: turned(spec.excludedClusterScopedResources),
        includedNamespaceScopedResources: turned(spec.includedNamespaceScopedResources),
        excludedNamespaceScopedResources: turned(spec.excludedNamespaceScopedResources),
      };
      expect(words(doubled)).toEqual(words(spec));
    }),
  );
});
