import { API_VERSION } from '../domain/api-resource.ts';
import { type Fields, fields, isBlank, isMapping } from '../domain/fields.ts';
import { RESOURCE_LISTS } from '../domain/normal-filters.ts';
import { isZeroDuration, writtenHooks } from '../domain/velero-hooks.ts';
import type { RunMetadata } from '../domain/run-metadata.ts';
import { ANNOTATED_FIELDS, configMapOf, THAW_AFTER } from '../domain/velero-spec.ts';
import { isOfPeople, notedIn } from './run-metadata.ts';
import { parseObject, readSource, unusable } from './yaml-object.ts';

/** What a file asks for. The shape of the values is checked by the API, which names the field. */
export interface RunFile {
  readonly name?: string;
  readonly location?: string;
  readonly spec: Fields;
  /** Labels and annotations that people gave it. */
  readonly noted?: RunMetadata;
  /** Fields that are given and change nothing here. */
  readonly withoutEffect: readonly string[];
}

export const VELERO_VERSION = 'velero.io/v1';

/** Times of a spec; in Velero 0 is the default. */
const DURATIONS = ['ttl', 'itemOperationTimeout'];

/** Fields of a spec that Velero and Holdfast have in common. */
const SHARED_FIELDS = [
  ...['includedNamespaces', 'excludedNamespaces', ...RESOURCE_LISTS, 'includeClusterResources'],
  ...['labelSelector', 'orLabelSelectors', 'orderedResources', 'resourcePolicy'],
  ...['snapshotVolumes', 'defaultVolumesToFsBackup', ...DURATIONS],
];
/** Fields of Velero's spec whose work Holdfast does not do yet, or in a way of its own. */
const WITHOUT_EFFECT = [
  ...['csiSnapshotTimeout', 'snapshotMoveData', 'datamover'],
  ...['uploaderConfig', 'volumeSnapshotLocations', 'volumeGroupSnapshotLabelKey'],
  ...['defaultVolumesToRestic', 'backupType', 'metadata'],
];
/** Labels and annotations that Velero and kubectl write by themselves, and the one that has an effect here. */
const EXPECTED_METADATA: ReadonlySet<string> = new Set([
  'labels.velero.io/storage-location',
  'annotations.velero.io/resource-timeout',
  'annotations.kubectl.kubernetes.io/last-applied-configuration',
  ...Object.values(ANNOTATED_FIELDS).map(({ annotation }) => `annotations.${annotation}`),
  `annotations.${THAW_AFTER}`,
]);
const SOURCE_CLUSTER = 'annotations.velero.io/source-cluster-';
const OUR_FIELDS = ['cluster', ...Object.keys(ANNOTATED_FIELDS)];
/** Fields of the spec of a backup, by the version of the file. */
export const BACKUP_FIELDS: Readonly<Record<string, readonly string[]>> = {
  [VELERO_VERSION]: [...SHARED_FIELDS, ...WITHOUT_EFFECT, 'storageLocation', 'hooks'],
  [API_VERSION]: [...SHARED_FIELDS, ...OUR_FIELDS, 'hooks'],
};
const OBJECT_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
/** Those of every Kubernetes object, and `location`, which ours have. */
const METADATA_FIELDS = [
  ...['name', 'namespace', 'location', 'labels', 'annotations', 'uid', 'resourceVersion'],
  ...['generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'],
  ...['ownerReferences', 'finalizers', 'managedFields', 'selfLink', 'generateName'],
];

/** Reads a Backup of Velero, or of ours, as YAML or JSON; `-` is the standard input. Throws `invalid-request`. */
export async function readBackupFile(path: string): Promise<RunFile> {
  const { content, source } = await readSource(path);
  return parseBackupFile(content, source);
}

/** The request that the text of a file makes. Throws `invalid-request`, which tells all that is wrong. */
export function parseBackupFile(content: string, source: string): RunFile {
  const object = parseObject(content, source);
  if (object['kind'] === 'Schedule' && object['apiVersion'] === VELERO_VERSION) {
    throw unusable(source, ['is a Schedule; make one of it with: holdfast schedule create -f']);
  }
  const { metadata, spec, ...head } = headOf(object, source, { kind: 'Backup', of: BACKUP_FIELDS });
  const faults = [...head.faults, ...textFaults(spec['storageLocation'], 'spec.storageLocation')];
  if (faults.length > 0) {
    throw unusable(source, faults);
  }
  return {
    ...textField('name', metadata['name']),
    ...textField('location', spec['storageLocation'] ?? metadata['location']),
    spec: requestSpec(object, spec),
    ...notedIn(metadata),
    withoutEffect: [...metadataWithoutEffect(metadata), ...specWithoutEffect(spec, 'spec.')],
  };
}

/** What every file of a kind has, and what is wrong with that. */
interface FileHead {
  readonly metadata: Fields;
  readonly spec: Fields;
  readonly faults: readonly string[];
}

/**
 * The head of a file of a kind, with the fields that its spec may have in each version. Throws `invalid-request` for another
 * kind or version.
 */
export function headOf(
  object: Fields,
  source: string,
  { kind, of }: { readonly kind: string; readonly of: Readonly<Record<string, readonly string[]>> },
): FileHead {
  const { apiVersion } = object;
  const known = typeof apiVersion === 'string' ? of[apiVersion] : undefined;
  if (object['kind'] !== kind || known === undefined) {
    const what = `must have kind ${kind} and apiVersion ${VELERO_VERSION} or ${API_VERSION}`;
    throw unusable(source, [what]);
  }
  const metadata = fields(object['metadata']);
  const spec = fields(object['spec']);
  const faults = [
    ...fileFaults(object),
    ...textFaults(metadata['name'], 'metadata.name'),
    ...unknownFaults(spec, known, 'spec.'),
  ];
  return { metadata, spec, faults };
}

/** Fields of the spec of a backup that would have an effect in Velero, and have none here. */
export function specWithoutEffect(spec: Fields, prefix: string): string[] {
  return withEffectInVelero(spec, WITHOUT_EFFECT).map((field) => `${prefix}${field}`);
}

/** The spec of a backup as the API takes it, of a file that is a Backup or has one as its template. */
export function requestSpec({ apiVersion, kind, metadata }: Fields, spec: Fields): Fields {
  const annotations = kind === 'Backup' ? fields(fields(metadata)['annotations']) : {};
  // In a file of ours a TTL of zero is none.
  const isDefault = (value: unknown) => apiVersion === VELERO_VERSION && isZeroDuration(value);
  const given = [...SHARED_FIELDS, ...OUR_FIELDS]
    .map((field) => [field, spec[field]] as const)
    .filter(
      ([field, value]) => !isBlank(value) && !(DURATIONS.includes(field) && isDefault(value)),
    );
  const policy = configMapOf(spec['resourcePolicy']);
  const annotated = Object.entries(ANNOTATED_FIELDS)
    .map(([field, { annotation }]) => [field, annotations[annotation]] as const)
    .filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(annotated),
    ...Object.fromEntries(given),
    ...(policy === undefined ? {} : { resourcePolicy: policy }),
    ...hooksField(annotatedHooks(spec['hooks'], annotations)),
  };
}

/** Hooks with what a record tells of them as an annotation. */
function annotatedHooks(hooks: unknown, { [THAW_AFTER]: thawAfter }: Fields): unknown {
  return thawAfter === undefined || !isMapping(hooks ?? {})
    ? hooks
    : { thawAfter, ...fields(hooks) };
}

/** What is wrong with an object apart from its spec. */
function fileFaults(object: Fields): string[] {
  const notObjects = ['metadata', 'spec'].filter((field) => {
    return !isMapping(object[field] ?? {});
  });
  return [
    ...unknownFaults(object, OBJECT_FIELDS, ''),
    ...notObjects.map((field) => `has ${field}, which must be an object`),
    ...unknownFaults(fields(object['metadata']), METADATA_FIELDS, 'metadata.'),
  ];
}

/** Fields that nobody knows. */
export function unknownFaults(object: Fields, known: readonly string[], prefix: string): string[] {
  return Object.keys(object)
    .filter((field) => !known.includes(field))
    .map((field) => `has ${prefix}${field}, which is not a field that is known; remove it`);
}

/** A field that must be a text, and is none. */
export function textFaults(value: unknown, field: string): string[] {
  return value === undefined || value === null || typeof value === 'string'
    ? []
    : [`has ${field}, which must be a text; put it in quotes`];
}

/** Hooks that ask for something; their shape is checked by the API, which names the field. */
export function hooksField(hooks: unknown): Fields {
  const written = writtenHooks(hooks);
  return isBlank(written) ? {} : { hooks: written };
}

/** A field whose value is a text, under its own name. */
export function textField<Field extends string>(field: Field, value: unknown) {
  return typeof value === 'string' && value !== '' ? { [field]: value } : {};
}

/** Those of some fields that ask Velero for something. */
export function withEffectInVelero(spec: Fields, names: readonly string[]): string[] {
  return names.filter((field) => hasEffectInVelero(spec[field]));
}

/** Labels and annotations with keys of Velero or Holdfast that say nothing here. */
export function metadataWithoutEffect(metadata: Fields): string[] {
  return ['labels', 'annotations']
    .flatMap((field) =>
      Object.keys(fields(metadata[field]))
        .filter((key) => !isOfPeople(key))
        .map((key) => `${field}.${key}`),
    )
    .filter((name) => !EXPECTED_METADATA.has(name) && !name.startsWith(SOURCE_CLUSTER))
    .map((name) => `metadata.${name}`);
}

/** Whether a field without effect here would have had one: what is empty, false or zero is the default there. */
function hasEffectInVelero(value: unknown): boolean {
  return !isBlank(value) && value !== false && !isZeroDuration(value);
}
