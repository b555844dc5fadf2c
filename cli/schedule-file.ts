import { API_VERSION } from '../domain/api-resource.ts';
import { type Fields, fields, isBlank, isMapping } from '../domain/fields.ts';
import {
  BACKUP_FIELDS,
  fileFaults,
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
  const { apiVersion, kind } = object;
  const known = typeof apiVersion === 'string' ? SPEC_FIELDS[apiVersion] : undefined;
  if (kind !== 'Schedule' || known === undefined) {
    const what = `must have kind Schedule and apiVersion ${VELERO_VERSION} or ${API_VERSION}`;
    throw unusable(source, [what]);
  }
  const metadata = fields(object['metadata']);
  const spec = fields(object['spec']);
  const template = fields(spec['template']);
  const faults = [
    ...fileFaults(object),
    ...textFaults(metadata['name'], 'metadata.name'),
    ...unknownFaults(spec, known, 'spec.'),
    ...(isMapping(spec['template'] ?? {}) ? [] : ['has spec.template, which must be an object']),
    ...unknownFaults(template, BACKUP_FIELDS[String(apiVersion)] ?? [], 'spec.template.'),
    ...textFaults(template['storageLocation'], 'spec.template.storageLocation'),
  ];
  if (faults.length > 0) {
    throw unusable(source, faults);
  }
  return {
    ...textField('name', metadata['name']),
    spec: scheduleFields(object, spec, template),
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
