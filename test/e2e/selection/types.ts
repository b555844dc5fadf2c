import type { SelectionRow } from '../../support/selection-fixture.ts';
import { CLUSTER_SCOPED, IN_A, RELATED_TO_A } from './whole.ts';

/** Rules about types of Velero's older family, which does not ask for scopes. */
export const TYPE_ROWS: readonly SelectionRow[] = [
  {
    rule: 'types by plural',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['configmaps'] },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
    ],
  },
  {
    rule: 'types by singular',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['configmap'] },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
    ],
  },
  {
    rule: 'types by kind',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['ConfigMap'] },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
    ],
  },
  {
    rule: 'types by short name',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['cm', 'sa'] },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/serviceaccounts/namespaces/sel-a/robot.json',
    ],
  },
  {
    rule: 'types by resource and group',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['deployments.apps'] },
    entries: ['resources/deployments.apps/namespaces/sel-a/web.json'],
  },
  {
    rule: 'types by resource version and group',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['deployments.v1.apps'] },
    entries: ['resources/deployments.apps/namespaces/sel-a/web.json'],
  },
  {
    rule: 'types by singular and group',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['gadget.sel.holdfast.test'] },
    entries: ['resources/gadgets.sel.holdfast.test/namespaces/sel-a/one.json'],
  },
  {
    rule: 'types by a pattern',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['config*'] },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
    ],
  },
  {
    rule: 'all types by a star',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['*'] },
    entries: [...IN_A, ...RELATED_TO_A, 'resources/namespaces/cluster/sel-a.json'],
  },
  {
    rule: 'namespaces where they are named',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['ns', 'cm'] },
    entries: [
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
  {
    rule: 'excluded types',
    spec: {
      includedNamespaces: ['sel-a'],
      excludedResources: [
        'deployments',
        'events',
        'gadgets.sel.holdfast.test',
        'pods',
        'pvc',
        'rolebindings',
        'sa',
      ],
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
    rule: 'an excluded type among all',
    spec: {
      includedNamespaces: ['sel-a'],
      includedResources: ['*'],
      excludedResources: ['cm', 'clusterroles'],
    },
    entries: [
      'resources/clusterrolebindings.rbac.authorization.k8s.io/cluster/sel-bound.json',
      'resources/customresourcedefinitions.apiextensions.k8s.io/cluster/gadgets.sel.holdfast.test.json',
      'resources/deployments.apps/namespaces/sel-a/web.json',
      'resources/events/namespaces/sel-a/seen.json',
      'resources/gadgets.sel.holdfast.test/namespaces/sel-a/one.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/waiting.json',
      'resources/persistentvolumes/cluster/sel-data.json',
      'resources/persistentvolumes/cluster/sel-spare.json',
      'resources/pods/namespaces/sel-a/worker.json',
      'resources/priorityclasses.scheduling.k8s.io/cluster/sel-urgent.json',
      'resources/rolebindings.rbac.authorization.k8s.io/namespaces/sel-a/granted.json',
      'resources/secrets/namespaces/sel-a/key.json',
      'resources/serviceaccounts/namespaces/sel-a/robot.json',
    ],
  },
  {
    rule: 'an excluded namespace object',
    spec: { includedNamespaces: ['sel-b'], excludedResources: ['namespaces'] },
    entries: [
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
    ],
  },
  {
    rule: 'all cluster-scoped objects with a chosen namespace',
    spec: { includedNamespaces: ['sel-b-2'], includeClusterResources: true },
    entries: [
      ...CLUSTER_SCOPED,
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/namespaces/cluster/sel-b-2.json',
    ],
  },
  {
    rule: 'all cluster-scoped objects of chosen types with a chosen namespace',
    spec: {
      includedNamespaces: ['sel-a'],
      includedResources: ['cm', 'sc', 'clusterroles'],
      includeClusterResources: true,
    },
    entries: [
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-bound.json',
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-granted.json',
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-other.json',
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/system:node.json',
      'resources/configmaps/namespaces/sel-a/plain.json',
      'resources/configmaps/namespaces/sel-a/x.json',
      'resources/configmaps/namespaces/sel-a/y.json',
      'resources/storageclasses.storage.k8s.io/cluster/sel-class.json',
    ],
  },
  {
    rule: 'related objects of types that are not chosen where cluster-scoped ones are asked for',
    spec: {
      includedNamespaces: ['sel-a'],
      includedResources: ['pvc'],
      includeClusterResources: true,
    },
    entries: [
      'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/waiting.json',
      'resources/persistentvolumes/cluster/sel-data.json',
      'resources/persistentvolumes/cluster/sel-spare.json',
    ],
  },
  {
    rule: 'no cluster-scoped objects with a chosen namespace',
    spec: { includedNamespaces: ['sel-a'], includeClusterResources: false },
    entries: IN_A,
  },
  {
    rule: 'no cluster-scoped objects with all namespaces',
    spec: { includedNamespaces: ['*'], includeClusterResources: false },
    entries: [
      ...IN_A,
      'resources/configmaps/namespaces/sel-b-2/z.json',
      'resources/configmaps/namespaces/sel-b/x.json',
      'resources/configmaps/namespaces/sel-b/z.json',
    ],
  },
  {
    rule: 'cluster-scoped types by name with a chosen namespace only as far as they are related',
    spec: { includedNamespaces: ['sel-a'], includedResources: ['pvc', 'pv', 'sc'] },
    entries: [
      'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/waiting.json',
      'resources/persistentvolumes/cluster/sel-data.json',
      'resources/persistentvolumes/cluster/sel-spare.json',
    ],
  },
  {
    rule: 'cluster-scoped types by name with all namespaces',
    spec: { includedNamespaces: ['*'], includedResources: ['pvc', 'pv', 'sc'] },
    entries: [
      'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/waiting.json',
      'resources/persistentvolumes/cluster/sel-data.json',
      'resources/persistentvolumes/cluster/sel-spare.json',
      'resources/persistentvolumes/cluster/sel-unclaimed.json',
      'resources/storageclasses.storage.k8s.io/cluster/sel-class.json',
    ],
  },
  {
    rule: 'cluster-scoped objects with all namespaces though types are excluded',
    spec: {
      includedNamespaces: ['*'],
      excludedResources: [
        'deployments',
        'events',
        'gadgets.sel.holdfast.test',
        'pods',
        'pvc',
        'rolebindings',
        'sa',
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
      'resources/secrets/namespaces/sel-a/key.json',
    ],
  },
];
