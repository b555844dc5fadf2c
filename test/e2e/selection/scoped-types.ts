import type { SelectionRow } from '../../support/selection-fixture.ts';
import { CLUSTER_SCOPED, IN_A, NAMESPACED, RELATED_TO_A } from './whole.ts';

/** Rules about types of Velero's newer family, which has lists for each scope, and requests without lists. */
export const SCOPED_TYPE_ROWS: readonly SelectionRow[] = [
  {
    rule: 'a chosen namespace with all that is related',
    spec: { includedNamespaces: ['sel-a'] },
    entries: [...IN_A, ...RELATED_TO_A, 'resources/namespaces/cluster/sel-a.json'],
  },
  {
    rule: 'the whole cluster',
    spec: { includedNamespaces: ['*'] },
    entries: [...CLUSTER_SCOPED, ...NAMESPACED],
  },
  {
    rule: 'the whole cluster where nothing is asked for',
    spec: {},
    entries: [...CLUSTER_SCOPED, ...NAMESPACED],
  },
  {
    rule: 'the whole cluster without a namespace',
    spec: { includedNamespaces: ['*'], excludedNamespaces: ['sel-a'] },
    entries: [
      ...CLUSTER_SCOPED,
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'included namespaced types',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['configmaps', 'secret'],
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/secrets/namespaces/sel-a/key.json',
    ],
  },
  {
    rule: 'included namespaced types with all namespaces and no cluster-scoped objects',
    spec: { includedNamespaces: ['*'], includedNamespaceScopedResources: ['secrets'] },
    entries: [
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
      'resources/secrets/namespaces/sel-a/key.json',
    ],
  },
  {
    rule: 'all namespaced types by a star and every cluster-scoped object',
    spec: {
      includedNamespaces: ['*'],
      includedNamespaceScopedResources: ['*'],
      excludedNamespaces: ['sel-a'],
    },
    entries: [
      ...CLUSTER_SCOPED,
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'excluded namespaced types with all namespaces and every cluster-scoped object',
    spec: {
      includedNamespaces: ['*'],
      excludedNamespaceScopedResources: [
        'deployments',
        'events',
        'gadgets.sel.holdfast.test',
        'pods',
        'pvc',
        'rolebindings',
        'sa',
        'secrets',
      ],
    },
    entries: [
      ...CLUSTER_SCOPED,
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
    rule: 'all namespaced types excluded',
    spec: { includedNamespaces: ['*'], excludedNamespaceScopedResources: ['*'] },
    entries: [
      ...CLUSTER_SCOPED,
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
    ],
  },
  {
    rule: 'included cluster-scoped types',
    spec: {
      includedNamespaces: ['sel-b-2'],
      includedClusterScopedResources: ['sc', 'clusterrole'],
    },
    entries: [
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-bound.json',
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-granted.json',
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-other.json',
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/system:node.json',
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/storageclasses.storage.k8s.io/cluster/sel-class.json',
    ],
  },
  {
    rule: 'all cluster-scoped types by a star',
    spec: { includedNamespaces: ['sel-b-2'], includedClusterScopedResources: ['*'] },
    entries: [
      ...CLUSTER_SCOPED,
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
    ],
  },
  {
    rule: 'included cluster-scoped types and related objects of others',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['pvc'],
      includedClusterScopedResources: ['sc'],
    },
    entries: [
      'resources/namespaces/cluster/sel-a.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/waiting.json',
      'resources/persistentvolumes/cluster/sel-data.json',
      'resources/persistentvolumes/cluster/sel-spare.json',
      'resources/storageclasses.storage.k8s.io/cluster/sel-class.json',
    ],
  },
  {
    rule: 'excluded cluster-scoped types not even as related objects',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['pvc', 'gadgets.sel.holdfast.test'],
      excludedClusterScopedResources: ['pv', 'crd'],
    },
    entries: [
      'resources/gadgets.sel.holdfast.test/namespaces/sel-a/one.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/waiting.json',
    ],
  },
  {
    rule: 'excluded cluster-scoped types with all namespaces',
    spec: {
      includedNamespaces: ['*'],
      excludedClusterScopedResources: ['clusterroles', 'pv', 'crd'],
      excludedNamespaceScopedResources: [
        'deployments',
        'events',
        'gadgets.sel.holdfast.test',
        'pods',
        'pvc',
        'rolebindings',
        'sa',
        'secrets',
      ],
    },
    entries: [
      'resources/apiservices.apiregistration.k8s.io/cluster/v1.sel.holdfast.test.json',
      'resources/apiservices.apiregistration.k8s.io/cluster/v1beta1.sel.holdfast.test.json',
      'resources/clusterrolebindings.rbac.authorization.k8s.io/cluster/sel-bound.json',
      'resources/clusterrolebindings.rbac.authorization.k8s.io/cluster/sel-other.json',
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/namespaces/cluster/sel-b-2.json',
      'resources/namespaces/cluster/sel-b.json',
      'resources/priorityclasses.scheduling.k8s.io/cluster/sel-other.json',
      'resources/priorityclasses.scheduling.k8s.io/cluster/sel-urgent.json',
      'resources/priorityclasses.scheduling.k8s.io/cluster/system-node-critical.json',
      'resources/storageclasses.storage.k8s.io/cluster/sel-class.json',
    ],
  },
  {
    rule: 'all cluster-scoped types excluded',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['pods', 'pvc'],
      excludedClusterScopedResources: ['*'],
    },
    entries: [
      'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/waiting.json',
      'resources/pods/namespaces/sel-a/worker.json',
    ],
  },
  {
    rule: 'namespace objects by their type without an excluded one',
    spec: {
      includedNamespaces: ['*'],
      excludedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['configmaps'],
      includedClusterScopedResources: ['namespaces'],
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
    rule: 'snapshot objects though their type is named',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['configmaps', 'volumesnapshots'],
    },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
];
