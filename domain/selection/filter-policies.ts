import { groupResource, type ResourceType } from '../item.ts';
import { type LabelSelector, matchesLabels } from './label-selector.ts';
import { matchesPattern } from './name-pattern.ts';
import { ALL_TYPES, type KnownTypes, TypeListReader, type UnknownName } from './type-lists.ts';

/** What a filter asks of an object. */
interface ObjectConditions {
  /** The object has to match one of them; none for any labels. */
  readonly selectors: readonly LabelSelector[];
  /** Names or patterns, of which its name has to match one; none for any name. */
  readonly names: readonly string[];
  /** Names or patterns, of which its name may match none. */
  readonly excludedNames: readonly string[];
}

/** A filter as it was written. */
export interface WrittenFilter extends ObjectConditions {
  /** Names of types; none, or `*`, for those that no other filter beside this one names. */
  readonly kinds: readonly string[];
  /** Pointer to the kinds. */
  readonly pointer: string;
}

/** A filter of a cluster whose types are known. */
interface ObjectFilter extends ObjectConditions {
  /** As `resource.group`; left out for those that no other filter beside this one names. */
  readonly types?: readonly string[];
}

/** Filters of the objects of some namespaces; objects that no filter takes are left out. */
export interface NamespacedPolicy<Filter> {
  /** Names or patterns. */
  readonly namespaces: readonly string[];
  readonly filters: readonly Filter[];
}

interface Policies<Filter> {
  readonly namespaced: readonly NamespacedPolicy<Filter>[];
  /** Filters of cluster-scoped objects; a type that none of them names is not filtered. */
  readonly cluster: readonly Filter[];
}

/** Velero's `namespacedFilterPolicies` and `clusterScopedFilterPolicy`, as they were written. */
export type WrittenFilterPolicies = Policies<WrittenFilter>;
/** The same for a cluster whose types are known. */
export type FilterPolicies = Policies<ObjectFilter>;

/** An object as far as filter policies look at it. */
export interface FilteredObject {
  readonly type: ResourceType;
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Finds the types that filter policies name; `unknown` are names that no type of the scope has. */
export function resolveFilterPolicies(
  { namespaced, cluster }: WrittenFilterPolicies,
  { served, failedGroups }: KnownTypes,
): { readonly policies: FilterPolicies; readonly unknown: readonly UnknownName[] } {
  const reader = new TypeListReader(failedGroups);
  const resolver = (isNamespaced: boolean) => {
    const types = served.filter((type) => type.isNamespaced === isNamespaced);
    return ({ kinds, pointer, ...conditions }: WrittenFilter): ObjectFilter =>
      isCatchAll(kinds)
        ? conditions
        : { ...conditions, types: [...reader.readList(kinds, pointer, types)] };
  };
  const policies = {
    namespaced: namespaced.map(({ namespaces, filters }) => {
      return { namespaces, filters: filters.map(resolver(true)) };
    }),
    cluster: cluster.map(resolver(false)),
  };
  return { policies, unknown: reader.unknown };
}

/** Whether a filter is for the types that the filters beside it do not name. */
export function isCatchAll(kinds: readonly string[]): boolean {
  return kinds.length === 0 || kinds.includes(ALL_TYPES);
}

/** Whether filter policies let an object into a backup. */
export function passesFilterPolicies(policies: FilterPolicies, object: FilteredObject): boolean {
  const type = groupResource(object.type);
  const { namespace } = object;
  const policy = namespace === '' ? undefined : policyOf(policies, namespace);
  const filters = namespace === '' ? policies.cluster : policy?.filters;
  const named = filters?.filter(({ types }) => types?.includes(type) === true) ?? [];
  if (named.length > 0) {
    return named.some((filter) => meetsConditions(filter, object));
  }
  const others = policy?.filters.filter(({ types }) => types === undefined);
  // Without a policy nothing is filtered; a policy of a namespace takes only what its filters take.
  return others === undefined || others.some((filter) => meetsConditions(filter, object));
}

/** The policy that names the namespace, else the first with a pattern that matches. */
function policyOf(
  { namespaced }: FilterPolicies,
  namespace: string,
): NamespacedPolicy<ObjectFilter> | undefined {
  return (
    namespaced.find(({ namespaces }) => namespaces.includes(namespace)) ??
    namespaced.find(({ namespaces }) => matchesAny(namespaces, namespace))
  );
}

function meetsConditions(
  { selectors, names, excludedNames }: ObjectConditions,
  { name, labels }: FilteredObject,
): boolean {
  return (
    (selectors.length === 0 || selectors.some((selector) => matchesLabels(selector, labels))) &&
    (names.length === 0 || matchesAny(names, name)) &&
    !matchesAny(excludedNames, name)
  );
}

function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, name));
}
