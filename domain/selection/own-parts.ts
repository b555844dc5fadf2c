import type { BackupSpec, ResourceLists } from '../backup.ts';

/** Holdfast's own API group: its resources are its own affair, and a restore does not write over them. */
export const OWN_GROUP = 'holdfast.dev';

/** Whether a request names Holdfast's own namespace; a pattern that matches it does not. */
export function namesOwnNamespace(
  { includedNamespaces }: Pick<BackupSpec, 'includedNamespaces'>,
  own: string,
): boolean {
  return includedNamespaces.includes(own);
}

/** Whether a request names resources of Holdfast itself: a type, or a pattern, with their group. */
export function namesOwnTypes({
  includedResources = [],
  includedClusterScopedResources = [],
  includedNamespaceScopedResources = [],
}: ResourceLists): boolean {
  return [
    ...includedResources,
    ...includedClusterScopedResources,
    ...includedNamespaceScopedResources,
  ].some((name) => name.endsWith(OWN_GROUP));
}
