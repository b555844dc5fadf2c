import type { SelectionRow } from '../../support/selection-fixture.ts';

/** Rules about namespaces. ConfigMaps stand for what is in them. */
export const NAMESPACE_ROWS: readonly SelectionRow[] = [
  {
    rule: 'namespaces by name',
    spec: {
      includedNamespaces: ['sel-a', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
    ],
  },
  {
    rule: 'namespaces by a star',
    spec: { includedNamespaces: ['sel-b*'], includedNamespaceScopedResources: ['configmaps'] },
    entries: [
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'namespaces by a question mark',
    spec: { includedNamespaces: ['sel-?'], includedNamespaceScopedResources: ['configmaps'] },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'namespaces by a set of letters',
    spec: { includedNamespaces: ['sel-[bc]'], includedNamespaceScopedResources: ['configmaps'] },
    entries: [
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'namespaces by a range and by letters that are not to be',
    spec: { includedNamespaces: ['sel-[^b-z]'], includedNamespaceScopedResources: ['configmaps'] },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
  {
    rule: 'a pattern that matches nothing beside a name',
    spec: {
      includedNamespaces: ['sel-none-*', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
    },
    entries: [
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
    ],
  },
  {
    rule: 'a namespace excluded by name',
    spec: {
      includedNamespaces: ['sel-*'],
      excludedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['configmaps'],
    },
    entries: [
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'namespaces excluded by a pattern',
    spec: {
      includedNamespaces: ['sel-*'],
      excludedNamespaces: ['sel-b*'],
      includedNamespaceScopedResources: ['configmaps'],
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
  {
    rule: 'a namespace excluded from all',
    spec: {
      includedNamespaces: ['*'],
      excludedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['configmaps'],
    },
    entries: [
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: "all namespaces without Holdfast's own",
    spec: { includedNamespaces: ['*'], includedNamespaceScopedResources: ['configmaps'] },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: "Holdfast's own namespace by a pattern that is not its name",
    spec: {
      includedNamespaces: ['hf-*', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
    },
    entries: [
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
    ],
  },
  {
    rule: "Holdfast's own namespace by name",
    spec: {
      includedNamespaces: ['hf-own'],
      includedNamespaceScopedResources: ['configmaps'],
      labelSelector: { matchLabels: { app: 'own' } },
    },
    entries: [
      'resources/configmaps/namespaces/hf-own/own.json',
      'resources/namespaces/cluster/hf-own.json',
    ],
  },
  {
    rule: 'a namespace with the exclude label though it is named',
    spec: {
      includedNamespaces: ['sel-hidden', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
    },
    entries: [
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
    ],
  },
  {
    rule: 'a namespace that is being deleted though it is named',
    spec: {
      includedNamespaces: ['sel-going', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
    },
    entries: [
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
    ],
  },
  {
    rule: 'objects with the exclude label or being deleted though their labels are asked for',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['configmaps'],
      labelSelector: { matchLabels: { app: 'x' } },
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
];
