import { gunzipSync } from 'node:zlib';

import { archiveFaults, type ArchivedObject } from './velero-archive.ts';
import {
  isArray,
  isRecord,
  type Json,
  recordFaults,
  textsOf,
  unknownKeys,
} from './velero-record.ts';

// Velero's format 1.1.0 as its own code reads and writes it (pkg/persistence, pkg/archive, pkg/backup, pkg/util/results,
// internal/volume, pkg/itemoperation), written down a second time: nothing of Holdfast's own readers takes part.

interface File {
  /** What is wrong with a text; left out for files that Velero does not know and passes over. */
  readonly fault?: (text: string) => string[];
}

/** The files of a backup beside its record and its archive, by what stands behind the backup's name. */
const FILES: Readonly<Record<string, File>> = {
  '-logs.gz': { fault: logFaults },
  '-results.gz': { fault: resultFaults },
  '-resource-list.json.gz': { fault: resourceListFaults },
  '-itemoperations.json.gz': { fault: arrayFaults(['spec', 'status']) },
  '-volumesnapshots.json.gz': { fault: arrayFaults(['spec', 'status']) },
  '-podvolumebackups.json.gz': {
    fault: arrayFaults(['kind', 'apiVersion', 'metadata', 'spec', 'status']),
  },
  '-volumeinfo.json.gz': { fault: volumeInfoFaults },
  // Holdfast's own.
  '-index.json.gz': {},
  '-coverage.json.gz': {},
  '-run-log.json.gz': {},
};
/** Those of ours that a backup has only when it has chosen volumes. */
const MAYBE = ['-volumes.json.gz'];
/** Files of a backup that has objects, and of no other. */
const WITH_ARCHIVE = ['-resource-list.json.gz', '-index.json.gz', '-coverage.json.gz', '.tar.gz'];
const ENDED_WITH_ARCHIVE: ReadonlySet<string> = new Set(['Completed', 'PartiallyFailed']);
const RECORD = 'velero-backup.json';
const CLAIM = 'holdfast.json';
/** What may be at the root of a location; for anything else Velero calls the location unavailable. */
const ROOT_FOLDERS = ['backups', 'restores', 'restic', 'metadata', 'plugins', 'kopia'];

/** The files of a backup by their keys within its folder. */
export type BackupFiles = ReadonlyMap<string, Buffer>;

/** Everything in which the files of a backup differ from Velero's format, in words. */
export async function veleroFaults(name: string, files: BackupFiles): Promise<string[]> {
  const recordText = files.get(RECORD)?.toString() ?? '';
  const record = parsed(recordText);
  const results = unzipped(files.get(`${name}-results.gz`)) ?? '';
  const list = unzipped(files.get(`${name}-resource-list.json.gz`)) ?? '';
  return [
    ...keyFaults(name, { files, hasArchive: ENDED_WITH_ARCHIVE.has(phaseOf(record)) }),
    ...fileFaults(name, files),
    ...recordFaults(name, recordText),
    ...countFaults(record, parsed(results)),
    ...(await tarballFaults(files.get(`${name}.tar.gz`), parsed(list))),
  ];
}

function fileFaults(name: string, files: BackupFiles): string[] {
  return Object.entries(FILES).flatMap(([suffix, { fault }]) => {
    const bytes = files.get(`${name}${suffix}`);
    const text = unzipped(bytes);
    if (text === undefined) {
      return bytes === undefined ? [] : [`${suffix}: is no gzip file`];
    }
    return (fault?.(text) ?? []).map((one) => `${suffix}: ${one}`);
  });
}

async function tarballFaults(archive: Buffer | undefined, list: Json): Promise<string[]> {
  if (archive === undefined) {
    return [];
  }
  const { faults, objects } = await archiveFaults(archive);
  return [...faults.map((one) => `.tar.gz: ${one}`), ...listFaults(objects, list)];
}

/** Keys of a whole location that Velero would not have at its root. */
export function rootFaults(keys: readonly string[]): string[] {
  return keys.filter((key) => !ROOT_FOLDERS.includes(key.split('/')[0] ?? ''));
}

function keyFaults(
  name: string,
  { files, hasArchive }: { files: BackupFiles; hasArchive: boolean },
): string[] {
  const suffixes = [...Object.keys(FILES), '.tar.gz'].filter(
    (suffix) => hasArchive || !WITH_ARCHIVE.includes(suffix),
  );
  const wanted = [RECORD, CLAIM, ...suffixes.map((suffix) => `${name}${suffix}`)];
  return [
    ...wanted.filter((key) => !files.has(key)).map((key) => `${key} is missing`),
    ...[...files.keys()]
      .filter((key) => !wanted.includes(key) && !MAYBE.some((suffix) => key === `${name}${suffix}`))
      .map((key) => `${key} does not belong here`),
  ];
}

function phaseOf(record: Json): string {
  const status = isRecord(record) ? record['status'] : undefined;
  return isRecord(status) && typeof status['phase'] === 'string' ? status['phase'] : '';
}

/** A Go reader of gzip takes several members as one stream, as Node's does. */
function unzipped(bytes: Buffer | undefined): string | undefined {
  try {
    return bytes === undefined ? undefined : gunzipSync(bytes).toString();
  } catch {
    return undefined;
  }
}

function parsed(text: string): Json {
  try {
    // JSON is what `Json` says.
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const LOG_LINE = new RegExp(
  String.raw`^time="[^"]+" level=(debug|info|warning|error|fatal) msg=(${QUOTED}|[^\s"=]+)( [\w.-]+=(${QUOTED}|[^\s"=]+))*$`,
);

/** The text form of logrus. */
function logFaults(text: string): string[] {
  const lines = text.split('\n');
  return [
    ...(lines.pop() === '' ? [] : ['does not end with a line']),
    ...lines.filter((line) => !LOG_LINE.test(line)).map((line) => `no line of logrus: ${line}`),
  ];
}

function resultFaults(text: string): string[] {
  const results = parsed(text);
  if (!isRecord(results)) {
    return ['is no JSON object'];
  }
  const sides = Object.entries(results).flatMap(([side, value]) => [
    ...unknownKeys(value, ['velero', 'cluster', 'namespaces']).map((key) => `${side}.${key}`),
    ...listsOf(value)
      .filter((list) => !isTexts(list))
      .map(() => `${side} has an empty list`),
    ...(isRecord(value) && isEmpty(value['namespaces']) ? [`${side}.namespaces is empty`] : []),
  ]);
  return [...unknownKeys(results, ['warnings', 'errors']), ...sides];
}

/** The lists of messages of one side of the results. */
function listsOf(side: Json): Json[] {
  const { namespaces, ...lists } = isRecord(side) ? side : {};
  return [...Object.values(lists), ...(isRecord(namespaces) ? Object.values(namespaces) : [])];
}

function isTexts(list: Json): boolean {
  return textsOf(list).length > 0;
}

function isEmpty(value: Json): boolean {
  return isRecord(value) && Object.keys(value).length === 0;
}

/** The record counts what the results tell. */
function countFaults(record: Json, results: Json): string[] {
  const status = isRecord(record) ? record['status'] : undefined;
  return ['warnings', 'errors'].flatMap((side) => {
    const told = isRecord(results) ? listsOf(results[side]).flatMap(textsOf).length : 0;
    const counted = isRecord(status) ? (status[side] ?? 0) : 0;
    return counted === told ? [] : [`the record counts other ${side} than the results`];
  });
}

function resourceListFaults(text: string): string[] {
  const list = parsed(text);
  if (!isRecord(list)) {
    return ['is no JSON object'];
  }
  return [
    ...(isSorted(Object.keys(list)) ? [] : ['types are not sorted']),
    ...Object.entries(list).flatMap(([type, names]) =>
      isTexts(names) && isSorted(textsOf(names)) ? [] : [`names of ${type} are not sorted`],
    ),
    ...(text === JSON.stringify(list) ? [] : ['is not compact']),
  ];
}

/** The resource list names what the archive holds. */
function listFaults(objects: readonly ArchivedObject[], list: Json): string[] {
  const listed = isRecord(list)
    ? Object.entries(list).flatMap(([type, names]) => textsOf(names).map((one) => `${type} ${one}`))
    : [];
  const held = objects.map(({ apiVersion, kind, key }) => `${apiVersion}/${kind} ${key}`);
  const [listedSet, heldSet] = [new Set(listed), new Set(held)];
  return [
    ...held.filter((one) => !listedSet.has(one)).map((one) => `${one} is not in the list`),
    ...listed.filter((one) => !heldSet.has(one)).map((one) => `${one} is not in the archive`),
  ];
}

function isSorted(texts: readonly string[]): boolean {
  return texts.every((text, index) => index === 0 || (texts[index - 1] ?? '') < text);
}

/** An array of objects with these fields. */
const VOLUME_INFO_FIELDS = [
  ...['pvcName', 'pvcNamespace', 'pvName', 'backupMethod', 'snapshotDataMoved', 'pvInfo'],
  ...['preserveLocalSnapshot', 'skipped', 'skippedReason', 'startTimestamp', 'result'],
  ...['completionTimestamp', 'csiSnapshotInfo', 'snapshotDataMovementInfo', 'pvbInfo'],
  'nativeSnapshotInfo',
];

/** Velero keeps these by the name of the persistent volume, so that one of two of a name would be lost. */
function volumeInfoFaults(text: string): string[] {
  const list = parsed(text);
  const names = isArray(list) ? list.map((one) => (isRecord(one) ? one['pvName'] : '')) : [];
  return [
    ...arrayFaults(VOLUME_INFO_FIELDS)(text),
    ...(new Set(names).size === names.length ? [] : ['names a persistent volume twice']),
  ];
}

function arrayFaults(fields: readonly string[]): (text: string) => string[] {
  return (text) => {
    const list = parsed(text);
    return isArray(list)
      ? list.flatMap((one) => (isRecord(one) ? unknownKeys(one, fields) : ['has no object']))
      : ['is no JSON array'];
  };
}
