/** Groups of the API server itself: no custom resource definition can be of one of them. */
const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([
  ...['', 'apps', 'autoscaling', 'batch', 'extensions', 'policy'],
  ...['admissionregistration', 'apiextensions', 'authentication', 'authorization'].map(k8s),
  ...['certificates', 'coordination', 'discovery', 'events', 'networking', 'node'].map(k8s),
  ...['rbac.authorization', 'resource', 'scheduling', 'storage', 'storagemigration'].map(k8s),
  'apiregistration.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
]);

/** Whether a type is of a group that Kubernetes does not serve by itself. */
export function isCustom({ group }: { readonly group: string }): boolean {
  return !BUILT_IN_GROUPS.has(group);
}

function k8s(group: string): string {
  return `${group}.k8s.io`;
}
