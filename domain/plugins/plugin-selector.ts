import { groupResource } from '../item.ts';
import { matchesLabels } from '../selection/label-selector.ts';
import { matchesPattern } from '../selection/name-pattern.ts';
import type { PluginSelector } from './contract.ts';

/** What decides whether an action sees an item. */
export interface SelectedItem {
  readonly group: string;
  readonly resource: string;
  /** Empty for cluster-scoped items. */
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
}

type Selector = PluginSelector | undefined;

/** Whether an action may see any item of a type; of one that it may not, nothing has to be listed. */
export function maySelectType(selector: Selector, type: TypeName): boolean {
  const { includedResources, excludedResources = [] } = selector ?? {};
  const isNamed = (name: string): boolean => isTypeNamed(type, name);
  return (
    (includedResources === undefined || includedResources.some(isNamed)) &&
    !excludedResources.some(isNamed)
  );
}

/** Whether an action sees an item. */
export function selects(selector: Selector, item: SelectedItem): boolean {
  const { includedNamespaces, excludedNamespaces = [], labelSelector } = selector ?? {};
  const isIn = (pattern: string): boolean => matchesPattern(pattern, item.namespace);
  const isInNamespace =
    item.namespace === '' ||
    ((includedNamespaces === undefined || includedNamespaces.some(isIn)) &&
      !excludedNamespaces.some(isIn));
  return (
    maySelectType(selector, item) &&
    isInNamespace &&
    (labelSelector === undefined || matchesLabels(labelSelector, item.labels))
  );
}

type TypeName = Pick<SelectedItem, 'group' | 'resource'>;

/** `deployments.apps`, or `deployments` of any group, in any case, or a pattern of these; `*` stands for all types. */
function isTypeNamed(type: TypeName, name: string): boolean {
  const written = name.toLowerCase();
  return matchesPattern(written, groupResource(type)) || matchesPattern(written, type.resource);
}
