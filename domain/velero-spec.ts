import {
  ALL_NAMESPACES,
  API_VERSIONS,
  type BackupSpec,
  DEFAULT_CLUSTER,
  DEFAULT_ITEM_OPERATION_TIMEOUT,
  DEFAULT_TTL,
  type ResourcePolicyReference,
  VOLUME_VERIFICATIONS,
} from './backup.ts';
import { durationMs, goDuration, parseDuration } from './duration.ts';
import { type Fields, fields, isBlank, list } from './fields.ts';
import { RESOURCE_LISTS } from './normal-filters.ts';
import { hooksOfVelero, veleroHooks } from './velero-hooks.ts';
import {
  booleanOf,
  nonEmpty,
  pick,
  present,
  selectorOf,
  strings,
  textsOf,
} from './velero-values.ts';

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

/** Where a record tells after how long pods are thawed; that of a pod has the same name. */
export const THAW_AFTER = 'holdfast.dev/thaw-after';

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

/** The spec as a Velero record holds it. */
export function veleroSpec(spec: BackupSpec, location: string): Fields {
  const shared = SHARED_FIELDS.map((field) => [field, spec[field]] as const);
  return {
    ttl: goDuration(parseDuration(spec.ttl, 'spec.ttl')),
    includedNamespaces: spec.includedNamespaces,
    ...Object.fromEntries(shared.filter(([, value]) => !isBlank(value))),
    ...(spec.itemOperationTimeout === undefined
      ? {}
      : { itemOperationTimeout: goDuration(durationMs(spec.itemOperationTimeout) ?? 0) }),
    storageLocation: location,
    hooks: veleroHooks(spec.hooks),
    metadata: {},
  };
}

/** What of a spec a Velero record holds as annotations. */
export function specAnnotations({
  apiVersions,
  volumeVerification,
  hooks: { thawAfter } = {},
}: BackupSpec): Record<string, string> {
  return {
    ...(thawAfter === undefined ? {} : { [THAW_AFTER]: thawAfter }),
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
    ...pick(['itemOperationTimeout'], (field) => timeoutOf(spec[field])),
    ...pick(['hooks'], (field) => hooksOfVelero(spec[field], fields(annotations)[THAW_AFTER])),
    ...pick(['apiVersions'], () => annotated(ANNOTATED_FIELDS.apiVersions, annotations)),
    ...pick(['volumeVerification'], () =>
      annotated(ANNOTATED_FIELDS.volumeVerification, annotations),
    ),
  };
}

/** Velero writes its default into every spec. */
function timeoutOf(value: unknown): string | undefined {
  const ms = typeof value === 'string' ? durationMs(value) : undefined;
  const isDefault = ms === 0 || ms === durationMs(DEFAULT_ITEM_OPERATION_TIMEOUT);
  return ms === undefined || isDefault ? undefined : goDuration(ms);
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
