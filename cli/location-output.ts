import type { StorageLocationResource } from '../domain/locations/api-location.ts';
import type { LocationCheck } from '../domain/location-check.ts';
import { columnsText } from './columns.ts';
import { conditionsText } from './condition-lines.ts';
import type { Table } from './output/table.ts';

const LABEL_WIDTH = 17;

/** One line per location, for people. */
export function locationsTable(
  locations: readonly StorageLocationResource[],
): Table<StorageLocationResource> {
  return {
    rows: locations,
    columns: [
      { heading: 'NAME', cell: ({ metadata }) => metadata.name },
      { heading: 'PROVIDER', cell: ({ spec }) => spec.provider ?? '' },
      { heading: 'PLACE', cell: ({ spec }) => placeOf(spec) },
      {
        heading: 'ENDPOINT',
        cell: ({ spec }) => (spec.provider === 's3' ? (spec.endpoint ?? 'AWS') : ''),
      },
      { heading: 'REGION', cell: ({ spec }) => (spec.provider === 's3' ? spec.region : '') },
      { heading: 'STATUS', cell: ({ status }) => status?.phase ?? '' },
      { heading: 'DEFAULT', cell: ({ spec }) => (spec.isDefault ? 'yes' : '') },
      {
        heading: 'KEPT AS',
        cell: ({ metadata, spec }) =>
          spec.provider === undefined ? 'Resource, not usable' : metadata.origin,
      },
      {
        heading: 'WRITTEN TO',
        cell: ({ spec }) => (spec.readOnly === true ? 'no' : 'yes'),
        when: 'wide',
      },
      { heading: 'PROBLEM', cell: ({ status }) => status?.problem?.message ?? '', when: 'wide' },
    ],
  };
}

/** Everything about one location, for people. */
export function locationText({ metadata, spec, status }: StorageLocationResource): string {
  const lines: (readonly [string, string | undefined])[] = [
    ['Name', metadata.name],
    ['Default', spec.isDefault ? 'yes' : 'no'],
    ['Kept as', metadata.origin],
    ...placeLines(spec),
    ['Status', status?.phase],
    ['Checked at', status?.checkedAt],
    ['Problem', status?.problem?.message],
  ];
  const text = lines
    .flatMap(([label, value]) =>
      value === undefined ? [] : [`${`${label}:`.padEnd(LABEL_WIDTH)}${value}\n`],
    )
    .join('');
  return text + conditionsText(status?.conditions);
}

/** What became of a location that was written, for people. */
export function writtenText(location: StorageLocationResource): string {
  const { metadata, status } = location;
  if (status === undefined) {
    return `storage location ${metadata.name} is kept\n`;
  }
  const failed = status.checks.filter(({ result }) => result === 'failed');
  const lines = failed.map((check) => `${check.name}: ${wordsOf(check)}\n`);
  return `${lines.join('')}storage location ${metadata.name} is kept, and is ${status.phase}\n`;
}

/** What a check found, a line for each operation, for people. */
export function checksText({ metadata, status }: StorageLocationResource): string {
  const rows = (status?.checks ?? []).map((check) => [check.name, check.result, wordsOf(check)]);
  const phase = status?.phase ?? 'not checked';
  const checks = columnsText([['CHECK', 'RESULT', ''], ...rows]);
  return `${checks}location ${metadata.name} is ${phase}${ownerText(status)}\n`;
}

function ownerText(status: StorageLocationResource['status']): string {
  if (status?.owner === undefined) {
    return '';
  }
  const { isOwn, installation, since } = status.owner;
  const whose = isOwn ? 'this Holdfast' : `another Holdfast (${installation})`;
  return `, and belongs to ${whose} since ${since}`;
}

function wordsOf({ failure, reason, offsetSeconds }: LocationCheck): string {
  const offset =
    offsetSeconds === undefined ? '' : `the server is ${String(offsetSeconds)} s ahead`;
  return failure?.message ?? reason ?? offset;
}

type Spec = StorageLocationResource['spec'];

function placeLines(spec: Spec): [string, string | undefined][] {
  if (spec.provider === undefined) {
    return [];
  }
  return [
    ['Provider', spec.provider],
    ...(spec.provider === 'folder'
      ? ([['Path', spec.path]] as [string, string][])
      : bucketLines(spec)),
    ['Upload', limitText(spec.uploadBytesPerSecond)],
    ['Download', limitText(spec.downloadBytesPerSecond)],
  ];
}

function bucketLines(spec: Extract<Spec, { provider: 's3' }>): [string, string | undefined][] {
  return [
    ['Bucket', spec.bucket],
    ['Prefix', spec.prefix === '' ? 'none' : spec.prefix],
    ['Endpoint', spec.endpoint ?? 'AWS'],
    ['Region', spec.region],
    ['Path style', spec.isPathStyle ? 'yes' : 'no'],
    ['Authority', spec.caFile],
  ];
}

function placeOf(spec: Spec): string {
  if (spec.provider === undefined) {
    return '';
  }
  if (spec.provider === 'folder') {
    return spec.path;
  }
  return spec.prefix === '' ? spec.bucket : `${spec.bucket}/${spec.prefix}`;
}

function limitText(bytesPerSecond: number | undefined): string {
  return bytesPerSecond === undefined
    ? 'no limit'
    : `${String(bytesPerSecond)} bytes per second at most, for each node agent`;
}
