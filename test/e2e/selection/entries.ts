import type { SelectionRow } from '../../support/selection-fixture.ts';

/** Rules about the entries of the tarball: their order, their versions, and each object once. */
export const ENTRY_ROWS: readonly SelectionRow[] = [
  {
    rule: 'objects in the order that is asked for',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['configmaps'],
      orderedResources: { configmaps: 'sel-a/y,sel-a/plain' },
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
    isOrdered: true,
  },
  {
    rule: 'objects of several namespaces in the order that is asked for',
    spec: {
      includedNamespaces: ['sel-a', 'sel-b'],
      includedNamespaceScopedResources: ['configmaps'],
      orderedResources: { cm: 'sel-b/z,sel-a/y' },
    },
    entries: [
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
    isOrdered: true,
  },
  {
    rule: 'cluster-scoped objects in the order that is asked for',
    spec: {
      includedNamespaces: ['sel-b-2'],
      excludedNamespaceScopedResources: ['*'],
      includedClusterScopedResources: ['pv'],
      orderedResources: { pv: 'sel-unclaimed,sel-data' },
    },
    entries: [
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/persistentvolumes/cluster/sel-unclaimed.json',
      'resources/persistentvolumes/cluster/sel-data.json',
      'resources/persistentvolumes/cluster/sel-spare.json',
    ],
    isOrdered: true,
  },
  {
    rule: 'events once though two groups have them',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['events', 'events.events.k8s.io'],
    },
    entries: [
      'resources/events/namespaces/sel-a/seen.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
  {
    rule: 'events by the group that has them too',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['events.events.k8s.io'],
    },
    entries: [
      'resources/events/namespaces/sel-a/seen.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
  {
    rule: 'all versions of a custom resource',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['gadgets.sel.holdfast.test'],
      apiVersions: 'All',
    },
    entries: [
      'resources/customresourcedefinitions.apiextensions.k8s.io/cluster/gadgets.sel.holdfast.test.json',
      'resources/customresourcedefinitions.apiextensions.k8s.io/v1-preferredversion/cluster/gadgets.sel.holdfast.test.json',
      'resources/gadgets.sel.holdfast.test/namespaces/sel-a/one.json',
      'resources/gadgets.sel.holdfast.test/v1-preferredversion/namespaces/sel-a/one.json',
      'resources/gadgets.sel.holdfast.test/v1beta1/namespaces/sel-a/one.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/v1-preferredversion/cluster/sel-a.json',
    ],
    isVersioned: true,
  },
  {
    rule: 'the preferred version of a custom resource',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['gadgets.sel.holdfast.test'],
      apiVersions: 'Preferred',
    },
    entries: [
      'resources/customresourcedefinitions.apiextensions.k8s.io/cluster/gadgets.sel.holdfast.test.json',
      'resources/customresourcedefinitions.apiextensions.k8s.io/v1-preferredversion/cluster/gadgets.sel.holdfast.test.json',
      'resources/gadgets.sel.holdfast.test/namespaces/sel-a/one.json',
      'resources/gadgets.sel.holdfast.test/v1-preferredversion/namespaces/sel-a/one.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/v1-preferredversion/cluster/sel-a.json',
    ],
    isVersioned: true,
  },
];
