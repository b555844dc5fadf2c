import type { KubernetesObject, ServedType } from '../item.ts';
import { matchesLabels } from '../selection/label-selector.ts';
import { isPattern, matchesPattern } from '../selection/name-pattern.ts';
import { resolveName } from '../selection/resource-names.ts';
import type { HookFilter } from './hook-spec.ts';

/** The one type that has hooks. */
const PODS: ServedType = {
  group: '',
  version: 'v1',
  resource: 'pods',
  kind: 'Pod',
  isNamespaced: true,
  singular: 'pod',
  shortNames: ['po'],
};

/** Whether a hook of a request is for a pod. */
export function isHookFor(filter: HookFilter, { metadata }: KubernetesObject): boolean {
  const namespace = metadata.namespace ?? '';
  const isInNamespace = (pattern: string): boolean => matchesPattern(pattern, namespace);
  const { includedNamespaces, excludedNamespaces } = filter;
  return (
    isListed(includedNamespaces, excludedNamespaces, isInNamespace) &&
    takesPods(filter) &&
    matchesLabels(filter.labelSelector ?? {}, metadata.labels)
  );
}

/** Whether a hook is for pods at all. */
export function takesPods({ includedResources, excludedResources }: HookFilter): boolean {
  return isListed(includedResources, excludedResources, namesPods);
}

/** Whether a name of a type, or a pattern of names, stands for pods. */
function namesPods(name: string): boolean {
  return isPattern(name)
    ? matchesPattern(name.trim().toLowerCase(), PODS.resource)
    : resolveName(name, [PODS]) !== undefined;
}

function isListed(
  included: readonly string[] = [],
  excluded: readonly string[] = [],
  isMeant: (entry: string) => boolean,
): boolean {
  return (included.length === 0 || included.some(isMeant)) && !excluded.some(isMeant);
}
