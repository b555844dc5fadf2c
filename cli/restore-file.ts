import { API_VERSION } from '../domain/api-resource.ts';
import { isZeroDuration } from '../domain/velero-hooks.ts';
import { type Fields, isBlank } from '../domain/fields.ts';
import { configMapOf } from '../domain/velero-spec.ts';
import {
  headOf,
  hooksField,
  metadataWithoutEffect,
  type RunFile,
  textField,
  VELERO_VERSION,
  withEffectInVelero,
} from './velero-file.ts';
import { notedIn } from './run-metadata.ts';
import { parseObject, readSource, unusable } from './yaml-object.ts';

/** In Velero 0 is the default. */
const TIMEOUT = 'itemOperationTimeout';
/** Fields of a spec that Velero and Holdfast have in common. What the API does not take yet, it refuses by name. */
const SHARED_FIELDS = [
  ...['backupName', 'scheduleName', 'includedNamespaces', 'excludedNamespaces'],
  ...['includedResources', 'excludedResources', 'includeClusterResources', 'namespaceMapping'],
  ...['labelSelector', 'orLabelSelectors', 'existingResourcePolicy', 'restoreStatus'],
  ...['preserveNodePorts', 'resourceModifier', TIMEOUT],
];
/** Fields of our own. */
const OWN_FIELDS = [
  ...['cluster', 'allowPartiallyFailed', 'retryOf', 'planDigest', 'restoreResourcePriorities'],
  ...['resourceTimeout', 'storageClassMapping', 'imageMapping'],
];
/** Fields of Velero's spec that are about the data of volumes. */
const WITHOUT_EFFECT = ['restorePVs', 'uploaderConfig'];
const SPEC_FIELDS: Readonly<Record<string, readonly string[]>> = {
  [VELERO_VERSION]: [...SHARED_FIELDS, ...WITHOUT_EFFECT, 'hooks'],
  [API_VERSION]: [...SHARED_FIELDS, ...OWN_FIELDS, 'hooks'],
};

/** Reads a Restore of Velero, or of ours, as YAML or JSON; `-` is the standard input. Throws `invalid-request`. */
export async function readRestoreFile(path: string): Promise<RunFile> {
  const { content, source } = await readSource(path);
  return parseRestoreFile(content, source);
}

/** The request that the text of a file makes. Throws `invalid-request`, which tells all that is wrong. */
export function parseRestoreFile(content: string, source: string): RunFile {
  const object = parseObject(content, source);
  const { metadata, spec, faults } = headOf(object, source, { kind: 'Restore', of: SPEC_FIELDS });
  if (faults.length > 0) {
    throw unusable(source, faults);
  }
  return {
    ...textField('name', metadata['name']),
    ...textField('location', metadata['location']),
    spec: requestSpec(spec),
    ...notedIn(metadata),
    withoutEffect: [
      ...metadataWithoutEffect(metadata),
      ...withEffectInVelero(spec, WITHOUT_EFFECT).map((field) => `spec.${field}`),
    ],
  };
}

function requestSpec(spec: Fields): Fields {
  const given = [...SHARED_FIELDS, ...OWN_FIELDS]
    .map((field) => [field, spec[field]] as const)
    .filter(([field, value]) => !isBlank(value) && !(field === TIMEOUT && isZeroDuration(value)));
  const modifier = configMapOf(spec['resourceModifier']);
  return {
    ...Object.fromEntries(given),
    ...(modifier === undefined ? {} : { resourceModifier: modifier }),
    ...hooksField(spec['hooks']),
  };
}
