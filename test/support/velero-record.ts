/** What JSON.parse gives; undefined for a text that is no JSON. */
export type Json =
  undefined | null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

type Check = (value: Json) => boolean;

/** As Go writes one from a second on: minutes and seconds stand behind hours, also where they are none. */
const GO_DURATION = /^(\d+h[0-5]?\dm[0-5]?\ds|[0-5]?\dm[0-5]?\ds|[0-5]?\ds)$/;
const RFC3339_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const PHASES = ['Completed', 'PartiallyFailed', 'Failed'];
const isText: Check = (value) => typeof value === 'string' && value !== '';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isCount: Check = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;
const isTextList: Check = (value) => isArray(value) && textsOf(value).length === value.length;
const isTextMap: Check = (value) => isRecord(value) && Object.values(value).every(isText);
const isDuration: Check = (value) => typeof value === 'string' && GO_DURATION.test(value);
const isTime: Check = (value) => typeof value === 'string' && RFC3339_SECONDS.test(value);
const isObject: Check = (value) => isRecord(value);
const isSelector: Check = (value) =>
  unknownKeys(value, ['matchLabels', 'matchExpressions']).length === 0 && isRecord(value);

/** Fields of `velero-backup.json`, and what each holds (pkg/apis/velero/v1/backup_types.go). */
const METADATA: Readonly<Record<string, Check>> = {
  name: isText,
  namespace: isText,
  uid: isText,
  resourceVersion: isText,
  labels: isTextMap,
  annotations: isTextMap,
};
const SPEC: Readonly<Record<string, Check>> = {
  metadata: isObject,
  includedNamespaces: isTextList,
  excludedNamespaces: isTextList,
  includedResources: isTextList,
  excludedResources: isTextList,
  includedClusterScopedResources: isTextList,
  excludedClusterScopedResources: isTextList,
  includedNamespaceScopedResources: isTextList,
  excludedNamespaceScopedResources: isTextList,
  labelSelector: isSelector,
  orLabelSelectors: (value) => isArray(value) && value.every(isSelector),
  snapshotVolumes: isBoolean,
  ttl: isDuration,
  volumeGroupSnapshotLabelKey: isText,
  includeClusterResources: isBoolean,
  hooks: isObject,
  storageLocation: isText,
  volumeSnapshotLocations: isTextList,
  defaultVolumesToRestic: isBoolean,
  defaultVolumesToFsBackup: isBoolean,
  orderedResources: isTextMap,
  csiSnapshotTimeout: isDuration,
  itemOperationTimeout: isDuration,
  resourcePolicy: (value) => isTextMap(value) && unknownKeys(value, ['kind', 'name']).length === 0,
  snapshotMoveData: isBoolean,
  datamover: isText,
  uploaderConfig: isObject,
};
const STATUS: Readonly<Record<string, Check>> = {
  version: (value) => value === 1,
  formatVersion: (value) => value === '1.1.0',
  expiration: isTime,
  phase: (value) => PHASES.some((phase) => phase === value),
  startTimestamp: isTime,
  completionTimestamp: isTime,
  failureReason: isText,
  warnings: isCount,
  errors: isCount,
  progress: (value) =>
    isRecord(value) && isCount(value['totalItems']) && isCount(value['itemsBackedUp']),
  hookStatus: isObject,
};
/** What Velero has in every record that it writes at the end of a backup. */
const NEEDED = {
  metadata: ['name', 'namespace', 'uid', 'labels', 'annotations'],
  spec: ['ttl', 'includedNamespaces', 'storageLocation', 'hooks', 'metadata'],
  status: [
    ...['version', 'formatVersion', 'phase', 'startTimestamp', 'completionTimestamp'],
    ...['expiration', 'progress', 'hookStatus'],
  ],
};
const CLUSTER_ANNOTATIONS = ['gitversion', 'major-version', 'minor-version'].map(
  (name) => `velero.io/source-cluster-k8s-${name}`,
);

/** Everything in which a record differs from Velero's, in words. */
export function recordFaults(name: string, text: string): string[] {
  const record = parsedRecord(text);
  if (record === undefined) {
    return ['velero-backup.json: is no JSON object'];
  }
  const { kind, apiVersion, metadata, spec, status } = record;
  const faults = [
    ...unknownKeys(record, ['kind', 'apiVersion', 'metadata', 'spec', 'status']),
    ...(kind === 'Backup' && apiVersion === 'velero.io/v1' ? [] : ['is no Backup of velero.io/v1']),
    ...(text.trimEnd() === JSON.stringify(record, undefined, 2) ? [] : ['is not pretty']),
    ...fieldFaults('metadata', metadata, METADATA),
    ...fieldFaults('spec', spec, SPEC),
    ...fieldFaults('status', status, STATUS),
    ...nameFaults(name, metadata),
    ...reasonFaults(status),
  ];
  return faults.map((fault) => `velero-backup.json: ${fault}`);
}

function parsedRecord(text: string): Record<string, Json> | undefined {
  try {
    // JSON is what `Json` says.
    const value = JSON.parse(text) as Json;
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function fieldFaults(
  part: keyof typeof NEEDED,
  value: Json,
  checks: Readonly<Record<string, Check>>,
): string[] {
  const given = isRecord(value) ? value : {};
  return [
    ...unknownKeys(given, Object.keys(checks)).map((fault) => `${part}: ${fault}`),
    ...NEEDED[part].filter((key) => !(key in given)).map((key) => `${part}.${key} is missing`),
    ...Object.entries(given).flatMap(([key, one]) =>
      checks[key]?.(one) === false ? [`${part}.${key} has the wrong form`] : [],
    ),
  ];
}

function nameFaults(name: string, metadata: Json): string[] {
  const { name: own, labels, annotations } = isRecord(metadata) ? metadata : {};
  return [
    ...(own === name ? [] : ['metadata.name is not the name of the folder']),
    ...(keysOf(labels).includes('velero.io/storage-location')
      ? []
      : ['has no label of a location']),
    ...CLUSTER_ANNOTATIONS.filter((key) => !keysOf(annotations).includes(key)).map(
      (key) => `has no annotation ${key}`,
    ),
  ];
}

/** A reason is given for a backup that failed, and for no other. */
function reasonFaults(status: Json): string[] {
  const { phase, failureReason } = isRecord(status) ? status : {};
  return (phase === 'Failed') === (failureReason !== undefined)
    ? []
    : ['status.failureReason does not go with the phase'];
}

/** Whether a value is a JSON object. */
export function isRecord(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a JSON array. */
export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** The keys of a JSON object; none of anything else. */
function keysOf(value: Json): string[] {
  return isRecord(value) ? Object.keys(value) : [];
}

/** The texts of a JSON array. */
export function textsOf(value: Json): string[] {
  return isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** Keys that are not among the known ones, as faults. */
export function unknownKeys(value: Json, known: readonly string[]): string[] {
  return keysOf(value)
    .filter((key) => !known.includes(key))
    .map((key) => `${key} is no field of Velero's`);
}
