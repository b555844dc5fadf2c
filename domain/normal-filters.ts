import { type BackupSpec, DEFAULT_VOLUME_VERIFICATION, type ResourceLists } from './backup.ts';
import { canonicalJson } from './canonical-json.ts';
import { compareText } from './compare-text.ts';
import { isBlank } from './fields.ts';
import type { LabelRequirement, LabelSelector } from './selection/label-selector.ts';

/** What may narrow a backup beside its namespaces. */
export type BackupFilters = Omit<
  BackupSpec,
  'cluster' | 'includedNamespaces' | 'excludedNamespaces' | 'ttl' | 'hooks'
>;

/** The lists of types, of both families. */
export const RESOURCE_LISTS = [
  'includedResources',
  'excludedResources',
  'includedClusterScopedResources',
  'excludedClusterScopedResources',
  'includedNamespaceScopedResources',
  'excludedNamespaceScopedResources',
] as const satisfies readonly (keyof ResourceLists)[];

/**
 * The filters of a request, so that equal ones have equal text: in order where the order says nothing, and without
 * what says nothing. A request without filters has no field here, so that it is the request that it always was.
 */
export function normalFilters(filters: BackupFilters): BackupFilters {
  const { labelSelector, orLabelSelectors, orderedResources, apiVersions, volumeVerification } =
    filters;
  const lists = RESOURCE_LISTS.map((field) => [field, normalNames(filters[field] ?? [])] as const);
  return withoutBlanks({
    ...Object.fromEntries(lists),
    includeClusterResources: filters.includeClusterResources,
    labelSelector: labelSelector && normalSelector(labelSelector),
    orLabelSelectors: orLabelSelectors && normalSelectors(orLabelSelectors),
    orderedResources: orderedResources && normalOrder(orderedResources),
    resourcePolicy: filters.resourcePolicy,
    apiVersions: apiVersions === 'Preferred' ? undefined : apiVersions,
    snapshotVolumes: filters.snapshotVolumes,
    defaultVolumesToFsBackup: filters.defaultVolumesToFsBackup,
    volumeVerification:
      volumeVerification === DEFAULT_VOLUME_VERIFICATION ? undefined : volumeVerification,
  });
}

/** Names in order, each once. */
export function normalNames(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function normalSelectors(selectors: readonly LabelSelector[]): LabelSelector[] {
  return inOrder(selectors.map(normalSelector).filter((selector) => !isBlank(selector)));
}

export function normalSelector({
  matchLabels,
  matchExpressions = [],
}: LabelSelector): LabelSelector {
  return withoutBlanks({
    matchLabels,
    matchExpressions: inOrder(matchExpressions.map(normalRequirement)),
  });
}

function normalRequirement({ key, operator, values = [] }: LabelRequirement): LabelRequirement {
  return withoutBlanks({ key, operator, values: normalNames(values) });
}

function normalOrder(order: Readonly<Record<string, string>>): Record<string, string> {
  const trimmed = Object.entries(order).map(([type, names]): [string, string] => [
    type.trim(),
    names
      .split(',')
      .map((name) => name.trim())
      .join(','),
  ]);
  return Object.fromEntries(trimmed);
}

/** Values that are equal but for the order of their keys once, and all in the order of their text. */
function inOrder<Value>(values: readonly Value[]): Value[] {
  const byText = new Map(values.map((value) => [canonicalJson(value), value] as const));
  const pairs = [...byText].sort(([left], [right]) => compareText(left, right));
  return pairs.map(([, value]) => value);
}

/** The fields of an object that say something. */
export function withoutBlanks<Value extends object>(fields: {
  readonly [Field in keyof Value]: Value[Field] | undefined;
}): Value {
  // Only fields are missing that the type may lack: the others are never blank.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isBlank(value))) as Value;
}
