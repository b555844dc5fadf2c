import type { SelectionRow } from '../../support/selection-fixture.ts';

/** Rules about objects that are taken with others. */
export const RELATED_ROWS: readonly SelectionRow[] = [
  {
    rule: 'the volumes of claims',
    spec: { includedNamespaces: ['sel-a'], includedNamespaceScopedResources: ['pvc'] },
    entries: [
      'resources/namespaces/cluster/sel-a.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/waiting.json',
      'resources/persistentvolumes/cluster/sel-data.json',
      'resources/persistentvolumes/cluster/sel-spare.json',
    ],
  },
  {
    rule: 'the claims and the priority class of a pod though they do not match',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['pods', 'pvc'],
      labelSelector: { matchLabels: { app: 'x' } },
    },
    entries: [
      'resources/namespaces/cluster/sel-a.json',
      'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
      'resources/persistentvolumes/cluster/sel-spare.json',
      'resources/pods/namespaces/sel-a/worker.json',
      'resources/priorityclasses.scheduling.k8s.io/cluster/sel-urgent.json',
    ],
  },
  {
    rule: 'no claims of a pod where claims are not chosen',
    spec: { includedNamespaces: ['sel-a'], includedNamespaceScopedResources: ['pods'] },
    entries: [
      'resources/namespaces/cluster/sel-a.json',
      'resources/pods/namespaces/sel-a/worker.json',
      'resources/priorityclasses.scheduling.k8s.io/cluster/sel-urgent.json',
    ],
  },
  {
    rule: 'the cluster role bindings and cluster roles of a service account',
    spec: { includedNamespaces: ['sel-a'], includedNamespaceScopedResources: ['sa'] },
    entries: [
      'resources/clusterrolebindings.rbac.authorization.k8s.io/cluster/sel-bound.json',
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-bound.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/serviceaccounts/namespaces/sel-a/robot.json',
    ],
  },
  {
    rule: 'the cluster role of a role binding',
    spec: { includedNamespaces: ['sel-a'], includedNamespaceScopedResources: ['rolebindings'] },
    entries: [
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-granted.json',
      'resources/namespaces/cluster/sel-a.json',
      'resources/rolebindings.rbac.authorization.k8s.io/namespaces/sel-a/granted.json',
    ],
  },
  {
    rule: 'the definition of a custom resource',
    spec: {
      includedNamespaces: ['sel-a'],
      includedNamespaceScopedResources: ['gadgets.sel.holdfast.test'],
    },
    entries: [
      'resources/customresourcedefinitions.apiextensions.k8s.io/cluster/gadgets.sel.holdfast.test.json',
      'resources/gadgets.sel.holdfast.test/namespaces/sel-a/one.json',
      'resources/namespaces/cluster/sel-a.json',
    ],
  },
];
