import type { SelectionRow } from '../../support/selection-fixture.ts';

/** Rules of resource policies, which are in a ConfigMap of Holdfast's own namespace. */
export const POLICY_ROWS: readonly SelectionRow[] = [
  {
    rule: 'types that policies include',
    spec: { includedNamespaces: ['sel-a'] },
    policies: `
version: v1
includeExcludePolicy: {includedNamespaceScopedResources: [secrets]}
`,
    entries: [
      'resources/namespaces/cluster/sel-a.json',
      'resources/secrets/namespaces/sel-a/key.json',
    ],
  },
  {
    rule: 'types that policies exclude',
    spec: { includedNamespaces: ['sel-b'] },
    policies: `
version: v1
includeExcludePolicy: {excludedNamespaceScopedResources: [configmaps]}
`,
    entries: ['resources/namespaces/cluster/sel-b.json'],
  },
  {
    rule: 'types that policies exclude and the request includes',
    spec: { includedNamespaces: ['sel-a'], includedNamespaceScopedResources: ['configmaps'] },
    policies: `
version: v1
includeExcludePolicy: {excludedNamespaceScopedResources: [configmaps, secrets]}
`,
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
  {
    rule: 'types that policies include beside those of the request',
    spec: { includedNamespaces: ['sel-a'], includedNamespaceScopedResources: ['sa'] },
    policies: `version: v1
includeExcludePolicy: {includedNamespaceScopedResources: [secrets]}
`,
    entries: [
      'resources/clusterrolebindings.rbac.authorization.k8s.io/cluster/sel-bound.json',
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-bound.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/secrets/namespaces/sel-a/key.json',
      'resources/serviceaccounts/namespaces/sel-a/robot.json',
    ],
  },
  {
    rule: 'types that policies include and the request excludes',
    spec: { includedNamespaces: ['sel-a'], excludedNamespaceScopedResources: ['secrets'] },
    policies: `
version: v1
includeExcludePolicy: {includedNamespaceScopedResources: [secrets, configmaps]}
`,
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
  {
    rule: 'cluster-scoped types that policies include',
    spec: { includedNamespaces: ['sel-b-2'] },
    policies: `
version: v1
includeExcludePolicy: {includedClusterScopedResources: [storageclasses]}
`,
    entries: [
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/storageclasses.storage.k8s.io/cluster/sel-class.json',
    ],
  },
  {
    rule: 'cluster-scoped types that policies exclude',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['pvc', 'gadgets.sel.holdfast.test'],
    },
    policies: `
version: v1
includeExcludePolicy: {excludedClusterScopedResources: [persistentvolumes]}
`,
    entries: [
      'resources/customresourcedefinitions.apiextensions.k8s.io/cluster/gadgets.sel.holdfast.test.json',
      'resources/gadgets.sel.holdfast.test/namespaces/sel-a/one.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/waiting.json',
    ],
  },
  {
    rule: 'objects by name in namespaces with filters and everything in others',
    spec: { includedNamespaces: ['sel-a', 'sel-b'] },
    policies: `
version: v1
namespacedFilterPolicies:
  - namespaces: [sel-a]
    resourceFilters:
      - {kinds: [ConfigMap], names: [x, 'p*'], excludedNames: ['?']}
      - {kinds: [secrets], labelSelector: {app: x}}
`,
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b.json',
      'resources/secrets/namespaces/sel-a/key.json',
    ],
  },
  {
    rule: 'the filters of a namespace before those of a pattern',
    spec: { includedNamespaces: ['sel-a', 'sel-b'] },
    policies: `
version: v1
namespacedFilterPolicies:
  - namespaces: ['sel-*']
    resourceFilters: [{kinds: [secrets]}]
  - namespaces: [sel-b]
    resourceFilters: [{kinds: [configmaps], names: [z]}]
`,
    entries: [
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b.json',
      'resources/secrets/namespaces/sel-a/key.json',
    ],
  },
  {
    rule: 'a filter for the types that no other filter names',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['cm', 'secrets', 'deployments', 'rolebindings'],
    },
    policies: `
version: v1
namespacedFilterPolicies:
  - namespaces: [sel-a]
    resourceFilters:
      - {kinds: [configmaps], names: ['y']}
      - {kinds: ['*'], orLabelSelectors: [{app: x}]}
`,
    entries: [
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/deployments.apps/namespaces/sel-a/web.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/secrets/namespaces/sel-a/key.json',
    ],
  },
  {
    rule: 'cluster-scoped objects by name and those of types without filters',
    spec: {
      includedNamespaces: ['sel-b-2'],
      includedClusterScopedResources: ['clusterroles', 'sc'],
    },
    policies: `
version: v1
clusterScopedFilterPolicy:
  resourceFilters: [{kinds: [clusterroles], names: ['sel-o*']}]
`,
    entries: [
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-other.json',
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/storageclasses.storage.k8s.io/cluster/sel-class.json',
    ],
  },
];
