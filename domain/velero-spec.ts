import {
  ALL_NAMESPACES,
  API_VERSIONS,
  type BackupSpec,
  DEFAULT_CLUSTER,
  DEFAULT_TTL,
  type ResourcePolicyReference,
  VOLUME_VERIFICATIONS,
} from './backup.ts';
import { goDuration, parseDuration } from './duration.ts';
import { type Fields, fields, isBlank, list } from './fields.ts';
import { RESOURCE_LISTS } from './normal-filters.ts';
import type { LabelRequirement, LabelSelector } from './selection/label-selector.ts';

/** Where a record tells fields that Velero has none for, and what they may be. */
export const ANNOTATED_FIELDS = {
  apiVersions: { annotation: 'holdfast.dev/api-versions', values: API_VERSIONS },
  volumeVerification: {
    annotation: 'holdfast.dev/volume-verification',
    values: VOLUME_VERIFICATIONS,
  },
} as const satisfies Partial<
  Record<keyof BackupSpec, { readonly annotation: string; readonly values: readonly string[] }>
>;

const BOOLEAN_FIELDS = [
  'includeClusterResources',
  'snapshotVolumes',
  'defaultVolumesToFsBackup',
] as const satisfies readonly (keyof BackupSpec)[];

/** Fields that have the same name and shape in a spec of Velero; each is there only where it narrows the selection. */
const SHARED_FIELDS = [
  'excludedNamespaces',
  ...RESOURCE_LISTS,
  ...BOOLEAN_FIELDS,
  'labelSelector',
  'orLabelSelectors',
  'orderedResources',
  'resourcePolicy',
] as const satisfies readonly (keyof BackupSpec)[];

const OPERATORS: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** The spec as a Velero record holds it. */
export function veleroSpec(spec: BackupSpec, location: string): Fields {
  const shared = SHARED_FIELDS.map((field) => [field, spec[field]] as const);
  return {
    ttl: goDuration(parseDuration(spec.ttl, 'spec.ttl')),
    includedNamespaces: spec.includedNamespaces,
    ...Object.fromEntries(shared.filter(([, value]) => !isBlank(value))),
    storageLocation: location,
    hooks: {},
    metadata: {},
  };
}

/** What of a spec a Velero record holds as annotations. */
export function specAnnotations({
  apiVersions,
  volumeVerification,
}: BackupSpec): Record<string, string> {
  return {
    ...(apiVersions === undefined
      ? {}
      : { [ANNOTATED_FIELDS.apiVersions.annotation]: apiVersions }),
    ...(volumeVerification === undefined
      ? {}
      : { [ANNOTATED_FIELDS.volumeVerification.annotation]: volumeVerification }),
  };
}

/** The spec of a backup that Velero made, as far as it has one of ours; what has another shape is passed over. */
export function specOfVelero(spec: Fields, annotations: unknown): BackupSpec {
  const included = strings(spec['includedNamespaces']);
  return {
    cluster: DEFAULT_CLUSTER,
    includedNamespaces: included.length === 0 ? [ALL_NAMESPACES] : included,
    excludedNamespaces: strings(spec['excludedNamespaces']),
    ttl: typeof spec['ttl'] === 'string' ? spec['ttl'] : DEFAULT_TTL,
    ...pick(RESOURCE_LISTS, (field) => nonEmpty(strings(spec[field]))),
    ...pick(BOOLEAN_FIELDS, (field) => booleanOf(spec[field])),
    ...pick(['labelSelector'], (field) => selectorOf(spec[field])),
    ...pick(['orLabelSelectors'], (field) => nonEmpty(present(list(spec[field]).map(selectorOf)))),
    ...pick(['orderedResources'], (field) => textsOf(spec[field])),
    ...pick(['resourcePolicy'], (field) => configMapOf(spec[field])),
    ...pick(['apiVersions'], () => annotated(ANNOTATED_FIELDS.apiVersions, annotations)),
    ...pick(['volumeVerification'], () =>
      annotated(ANNOTATED_FIELDS.volumeVerification, annotations),
    ),
  };
}

/** The reference to a ConfigMap, of resource policies or resource modifiers; Velero does not mind how its kind is written. */
export function configMapOf(value: unknown): ResourcePolicyReference | undefined {
  const { kind, name } = fields(value);
  const isConfigMap = typeof kind === 'string' && kind.toLowerCase() === 'configmap';
  return isConfigMap && typeof name === 'string' ? { kind: 'configmap', name } : undefined;
}

function annotated<Value extends string>(
  { annotation, values }: { readonly annotation: string; readonly values: readonly Value[] },
  annotations: unknown,
): Value | undefined {
  const value = fields(annotations)[annotation];
  return values.find((known) => known === value);
}

function selectorOf(value: unknown): LabelSelector | undefined {
  const { matchLabels, matchExpressions } = fields(value);
  const selector = {
    ...pick(['matchLabels'], () => textsOf(matchLabels)),
    ...pick(['matchExpressions'], () =>
      nonEmpty(present(list(matchExpressions).map(requirementOf))),
    ),
  };
  return isBlank(selector) ? undefined : selector;
}

function requirementOf(value: unknown): LabelRequirement | undefined {
  const { key, operator, values } = fields(value);
  return typeof key === 'string' && isOperator(operator)
    ? { key, operator, ...pick(['values'], () => nonEmpty(strings(values))) }
    : undefined;
}

function isOperator(value: unknown): value is LabelRequirement['operator'] {
  return typeof value === 'string' && OPERATORS.includes(value);
}

/** The fields that have a value. */
function pick<Field extends string, Value>(
  names: readonly Field[],
  valueOf: (field: Field) => Value | undefined,
): Partial<Record<Field, Value>> {
  const entries = names.map((field) => [field, valueOf(field)] as const);
  // The keys are the names given.
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<
    Record<Field, Value>
  >;
}

function textsOf(value: unknown): Record<string, string> | undefined {
  const texts = Object.entries(fields(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}

function strings(value: unknown): string[] {
  return list(value).filter((text) => typeof text === 'string');
}

function booleanOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function nonEmpty<Value>(values: readonly Value[]): readonly Value[] | undefined {
  return values.length === 0 ? undefined : values;
}

function present<Value>(values: readonly (Value | undefined)[]): Value[] {
  return values.filter((value) => value !== undefined);
}
