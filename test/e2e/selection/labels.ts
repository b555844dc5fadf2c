import type { SelectionRow } from '../../support/selection-fixture.ts';

/** Rules about labels. A namespace that is chosen comes along; of all namespaces those do that match or hold what matches. */
export const LABEL_ROWS: readonly SelectionRow[] = [
  {
    rule: 'objects that have a label',
    spec: {
      includedNamespaces: ['sel-a', 'sel-b', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
      labelSelector: { matchLabels: { app: 'x' } },
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'objects with one of some values of a label',
    spec: {
      includedNamespaces: ['sel-a', 'sel-b', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
      labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['x', 'y'] }] },
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'objects without a value of a label',
    spec: {
      includedNamespaces: ['sel-a', 'sel-b', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
      labelSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['x'] }] },
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'objects that have a label of any value',
    spec: {
      includedNamespaces: ['sel-a', 'sel-b', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
      labelSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'objects that lack a label',
    spec: {
      includedNamespaces: ['sel-a', 'sel-b', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
      labelSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'objects that meet all that a selector asks',
    spec: {
      includedNamespaces: ['sel-a', 'sel-b', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
      labelSelector: {
        matchLabels: { app: 'x' },
        matchExpressions: [{ key: 'tier', operator: 'Exists' }],
      },
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'objects that match any of some selectors and once those that match both',
    spec: {
      includedNamespaces: ['sel-a', 'sel-b', 'sel-b-2'],
      includedNamespaceScopedResources: ['configmaps'],
      orLabelSelectors: [
        { matchLabels: { app: 'x' } },
        { matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
      ],
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'of all namespaces those that hold an object that matches',
    spec: {
      includedNamespaces: ['*'],
      includedNamespaceScopedResources: ['configmaps'],
      labelSelector: { matchLabels: { app: 'y' } },
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
  {
    rule: 'of all namespaces those that match themselves',
    spec: {
      includedNamespaces: ['*'],
      includedNamespaceScopedResources: ['secrets'],
      orLabelSelectors: [{ matchLabels: { app: 'x' } }],
    },
    entries: [
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/secrets/namespaces/sel-a/key.json',
    ],
  },
  {
    rule: 'cluster-scoped objects that have a label',
    spec: {
      includedNamespaces: ['*'],
      includedNamespaceScopedResources: ['configmaps'],
      includedClusterScopedResources: ['pv', 'clusterroles'],
      labelSelector: { matchLabels: { app: 'x' } },
    },
    entries: [
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-other.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
      'resources/persistentvolumes/cluster/sel-unclaimed.json',
    ],
  },
  {
    rule: 'objects of every type that have a label and what they refer to',
    spec: { includedNamespaces: ['sel-a'], labelSelector: { matchLabels: { app: 'y' } } },
    entries: [
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-granted.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
      'resources/persistentvolumes/cluster/sel-data.json',
      'resources/rolebindings.rbac.authorization.k8s.io/namespaces/sel-a/granted.json',
    ],
  },
];
