import { API_VERSION } from '../domain/api-resource.ts';
import { type Fields, fields, isBlank, isMapping } from '../domain/fields.ts';
import { notedIn } from './run-metadata.ts';
import {
  BACKUP_FIELDS,
  headOf,
  metadataWithoutEffect,
  requestSpec,
  type RunFile,
  specWithoutEffect,
  textFaults,
  textField,
  unknownFaults,
  VELERO_VERSION,
  withEffectInVelero,
} from './velero-file.ts';
import { parseObject, readSource, unusable } from './yaml-object.ts';

/** Fields of Velero's Schedule that change nothing here: no schedule begins when it is made, and none owns its backups. */
const WITHOUT_EFFECT = ['skipImmediately', 'useOwnerReferencesInBackup'];
const SHARED_FIELDS = ['schedule', 'paused', 'template'];
const OWN_FIELDS = [
  ...['timeZone', 'location', 'jitter', 'overlapPolicy', 'catchupWindow', 'note', 'retention'],
];
const SPEC_FIELDS: Readonly<Record<string, readonly string[]>> = {
  [VELERO_VERSION]: [...SHARED_FIELDS, ...WITHOUT_EFFECT],
  [API_VERSION]: [...SHARED_FIELDS, ...OWN_FIELDS],
};

/** Reads a Schedule of Velero, or of ours, as YAML or JSON; `-` is the standard input. Throws `invalid-request`. */
export async function readScheduleFile(path: string): Promise<RunFile> {
  const { content, source } = await readSource(path);
  return parseScheduleFile(content, source);
}

/** The request that the text of a file makes. Throws `invalid-request`, which tells all that is wrong. */
export function parseScheduleFile(content: string, source: string): RunFile {
  const object = parseObject(content, source);
  const { metadata, spec, ...head } = headOf(object, source, { kind: 'Schedule', of: SPEC_FIELDS });
  const template = fields(spec['template']);
  const faults = [
    ...head.faults,
    ...(isMapping(spec['template'] ?? {}) ? [] : ['has spec.template, which must be an object']),
    ...unknownFaults(template, BACKUP_FIELDS[String(object['apiVersion'])] ?? [], 'spec.template.'),
    ...textFaults(template['storageLocation'], 'spec.template.storageLocation'),
  ];
  if (faults.length > 0) {
    throw unusable(source, faults);
  }
  return {
    ...textField('name', metadata['name']),
    spec: scheduleFields(object, spec, template),
    ...notedIn(metadata),
    withoutEffect: [
      ...metadataWithoutEffect(metadata),
      ...withEffectInVelero(spec, WITHOUT_EFFECT).map((field) => `spec.${field}`),
      ...specWithoutEffect(template, 'spec.template.'),
    ],
  };
}

function scheduleFields(object: Fields, spec: Fields, template: Fields): Fields {
  const given = ['schedule', 'paused', ...OWN_FIELDS]
    .map((field) => [field, spec[field]] as const)
    .filter(([, value]) => !isBlank(value));
  return {
    ...textField('location', template['storageLocation']),
    ...Object.fromEntries(given),
    template: requestSpec(object, template),
  };
}
