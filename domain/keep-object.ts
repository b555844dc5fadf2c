import type { CoverageReason } from './coverage.ts';
import type { KubernetesObject, ResourceType } from './item.ts';
import { type FilterPolicies, passesFilterPolicies } from './selection/filter-policies.ts';
import { type LabelSelector, matchesLabels } from './selection/label-selector.ts';
import { isExcludedByLabel } from './selection/namespace-selection.ts';

/** `not-selected`: the request does not ask for it, by namespace, label or policy. */
export type WhyNot = CoverageReason | 'not-selected';

/** What decides about an object, beside the object. */
export interface KeepContext {
  /** The namespaces whose objects are taken. */
  readonly namespaces: ReadonlySet<string>;
  /** All namespaces that the plan knew, where the request takes every one. */
  readonly known?: ReadonlySet<string>;
  /** An object has to match one of them; none for every object. */
  readonly selectors: readonly LabelSelector[];
  readonly filterPolicies?: FilterPolicies;
}

/**
 * Why an object of a collected type does not go into the backup; undefined if it does. A namespace that came after the
 * plan is not among the namespaces, and neither are its objects.
 */
export function whyNotKept(
  type: ResourceType,
  object: KubernetesObject,
  context: KeepContext,
): WhyNot | undefined {
  const reason = whyNotTaken(type, object, context);
  return reason ?? (isMatching(type, object, context) ? undefined : 'not-selected');
}

/** Whether the selectors and policies of a request take an object, whatever else keeps it out. */
export function isMatching(
  type: ResourceType,
  { metadata: { namespace = '', name, labels } }: KubernetesObject,
  { selectors, filterPolicies }: Pick<KeepContext, 'selectors' | 'filterPolicies'>,
): boolean {
  const isSelected =
    selectors.length === 0 || selectors.some((selector) => matchesLabels(selector, labels));
  return (
    isSelected &&
    (filterPolicies === undefined ||
      passesFilterPolicies(filterPolicies, { type, namespace, name, labels }))
  );
}

/** Why an object does not go into the backup though others refer to it; no selector is asked. */
export function whyNotTaken(
  type: ResourceType,
  object: KubernetesObject,
  { namespaces, known }: Pick<KeepContext, 'namespaces' | 'known'>,
): WhyNot | undefined {
  const namespace = namespaceOf(type, object);
  if (namespace !== undefined && !namespaces.has(namespace)) {
    return known?.has(namespace) === false ? 'came-later' : 'not-selected';
  }
  const { deletionTimestamp, labels } = object.metadata;
  if (deletionTimestamp !== undefined) {
    return 'being-deleted';
  }
  return isExcludedByLabel(labels) ? 'exclude-label' : undefined;
}

/** The namespace that decides about an object: the one that it is in, or that it is. */
function namespaceOf(type: ResourceType, { metadata }: KubernetesObject): string | undefined {
  const isNamespace = type.group === '' && type.resource === 'namespaces';
  if (isNamespace) {
    return metadata.name;
  }
  return type.isNamespaced ? (metadata.namespace ?? '') : undefined;
}
