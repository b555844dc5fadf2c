/** What is in the namespace `sel-a` and may be in a backup. */
export const IN_A: readonly string[] = [
  'resources/configmaps/namespaces/sel-a/plain.json',
  'resources/configmaps/namespaces/sel-a/x.json',
  'resources/configmaps/namespaces/sel-a/y.json',
  'resources/deployments.apps/namespaces/sel-a/web.json',
  'resources/events/namespaces/sel-a/seen.json',
  'resources/gadgets.sel.holdfast.test/namespaces/sel-a/one.json',
  'resources/persistentvolumeclaims/namespaces/sel-a/data.json',
  'resources/persistentvolumeclaims/namespaces/sel-a/spare.json',
  'resources/persistentvolumeclaims/namespaces/sel-a/waiting.json',
  'resources/pods/namespaces/sel-a/worker.json',
  'resources/rolebindings.rbac.authorization.k8s.io/namespaces/sel-a/granted.json',
  'resources/secrets/namespaces/sel-a/key.json',
  'resources/serviceaccounts/namespaces/sel-a/robot.json',
];

/** The cluster-scoped objects that those in `sel-a` refer to. */
export const RELATED_TO_A: readonly string[] = [
  'resources/clusterrolebindings.rbac.authorization.k8s.io/cluster/sel-bound.json',
  'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-bound.json',
  'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-granted.json',
  'resources/customresourcedefinitions.apiextensions.k8s.io/cluster/gadgets.sel.holdfast.test.json',
  'resources/persistentvolumes/cluster/sel-data.json',
  'resources/persistentvolumes/cluster/sel-spare.json',
  'resources/priorityclasses.scheduling.k8s.io/cluster/sel-urgent.json',
];

/** The namespaces that may be in a backup, and all that is in them. */
export const NAMESPACED: readonly string[] = [
  ...IN_A,
  'resources/configmaps/namespaces/sel-b-2/z.json',
  'resources/configmaps/namespaces/sel-b/x.json',
  'resources/configmaps/namespaces/sel-b/z.json',
  'resources/namespaces/cluster/sel-a.json',
  'resources/namespaces/cluster/sel-b-2.json',
  'resources/namespaces/cluster/sel-b.json',
];

/** All cluster-scoped objects but namespaces. */
export const CLUSTER_SCOPED: readonly string[] = [
  'resources/apiservices.apiregistration.k8s.io/cluster/v1.sel.holdfast.test.json',
  'resources/apiservices.apiregistration.k8s.io/cluster/v1beta1.sel.holdfast.test.json',
  'resources/clusterrolebindings.rbac.authorization.k8s.io/cluster/sel-bound.json',
  'resources/clusterrolebindings.rbac.authorization.k8s.io/cluster/sel-other.json',
  'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-bound.json',
  'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-granted.json',
  'resources/clusterroles.rbac.authorization.k8s.io/cluster/sel-other.json',
  'resources/clusterroles.rbac.authorization.k8s.io/cluster/system:node.json',
  'resources/customresourcedefinitions.apiextensions.k8s.io/cluster/gadgets.sel.holdfast.test.json',
  'resources/customresourcedefinitions.apiextensions.k8s.io/cluster/idles.sel.holdfast.test.json',
  'resources/persistentvolumes/cluster/sel-data.json',
  'resources/persistentvolumes/cluster/sel-spare.json',
  'resources/persistentvolumes/cluster/sel-unclaimed.json',
  'resources/priorityclasses.scheduling.k8s.io/cluster/sel-other.json',
  'resources/priorityclasses.scheduling.k8s.io/cluster/sel-urgent.json',
  'resources/priorityclasses.scheduling.k8s.io/cluster/system-node-critical.json',
  'resources/storageclasses.storage.k8s.io/cluster/sel-class.json',
];
