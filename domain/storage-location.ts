import { BANDWIDTH_BYTES_MIN, BANDWIDTH_FIELDS, type BandwidthLimits } from './bandwidth.ts';
import { Failure, type FailureReport } from './failure.ts';
import { type Fields, isMapping } from './fields.ts';
import type { LocationHealth } from './locations/location-health.ts';
import { invalid, optionalBoolean, optionalText, requireKnown, text } from './location-fields.ts';
import { requireDnsLabel } from './names.ts';
import type { Revision } from './revision.ts';
import { S3_OPTIONS, type S3Options, s3Options } from './s3-options.ts';

/** What locations of every provider have. */
interface CommonLocation extends BandwidthLimits {
  readonly name: string;
  /**
   * Nothing is written to it but what restores write of themselves: no backup is made, changed or deleted in it, no
   * schedule is kept in it, and its repositories are not maintained. It is written to when left out.
   */
  readonly readOnly?: boolean;
}

/** A folder of the machine that the workers and the API run on. */
export interface FolderLocation extends CommonLocation {
  readonly provider: 'folder';
  /** Absolute path. */
  readonly path: string;
}

/** A bucket, and a prefix within it, of any server that speaks S3. */
export interface S3Location extends CommonLocation, S3Options {
  readonly provider: 's3';
  readonly bucket: string;
  /** Key prefix without a slash at either end; empty for the whole bucket. */
  readonly prefix: string;
  readonly region: string;
  /** URL of the server; undefined for AWS. */
  readonly endpoint?: string;
  /** Whether the bucket is part of the path and not of the host name. */
  readonly isPathStyle: boolean;
}

export type StorageLocation = FolderLocation | S3Location;

/** A location that is kept as a resource, and may change or go. */
export interface KeptLocation {
  readonly name: string;
  /** Changes with each change of the spec. */
  readonly version: string;
  readonly revision: Revision;
  /** As it is kept. */
  readonly spec: Fields;
  /** What the last check found; left out where there was none. */
  readonly health?: LocationHealth;
  /** Whether requests that name no location mean it. */
  readonly isDefault: boolean;
  /** Left out for one that cannot be used. */
  readonly location?: StorageLocation;
  /** Why it cannot be used. */
  readonly problem?: FailureReport;
}

/** Name of the location that a request means when it names none. */
export const DEFAULT_LOCATION = 'default';

const COMMON_FIELDS = ['name', 'provider', 'readOnly', ...BANDWIDTH_FIELDS];
const FOLDER_FIELDS = new Set([...COMMON_FIELDS, 'path']);
const S3_FIELDS = new Set([
  ...[...COMMON_FIELDS, 'bucket', 'prefix', 'region', 'endpoint', 'isPathStyle'],
  ...S3_OPTIONS,
]);

/**
 * Reads the locations of a process from JSON text: an array of locations, names unique.
 * Throws `invalid-request` that names the field.
 */
export function parseStorageLocations(json: string): StorageLocation[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Failure('invalid-request', 'the storage locations are not JSON', { cause: error });
  }
  if (!Array.isArray(value) || value.length === 0) {
    throw invalid('locations', 'must be an array with at least one location');
  }
  const locations = value.map((entry, index) => parseOne(entry, `locations[${String(index)}]`));
  if (new Set(locations.map((location) => location.name)).size < locations.length) {
    throw invalid('locations', 'has two locations of one name');
  }
  return locations;
}

/**
 * One location from its fields, which are said to be at a path: `spec` for `spec.bucket`. Throws `invalid-request` that
 * names the field.
 */
export function storageLocation(name: string, fields: Fields, path: string): StorageLocation {
  if ('name' in fields) {
    throw invalid(`${path}.name`, 'is not a field of a location; the name is in metadata.name');
  }
  return parseOne({ ...fields, name }, path);
}

/**
 * The locations of the configuration of a process, from `HOLDFAST_LOCATIONS`; none when it is not set. Throws
 * `invalid-request`.
 */
export function locationsOf(env: Readonly<Record<string, string | undefined>>): StorageLocation[] {
  const json = env['HOLDFAST_LOCATIONS'];
  return json === undefined ? [] : parseStorageLocations(json);
}

/** Finds a location by name. Throws `unknown-location`, which names no others: not everybody may see them. */
export function findLocation(locations: readonly StorageLocation[], name: string): StorageLocation {
  const found = locations.find((location) => location.name === name);
  if (found === undefined) {
    const remedy =
      locations.length === 0
        ? 'there is none; make one with: holdfast location create'
        : 'see GET /storage-locations, or: holdfast location get';
    throw new Failure('unknown-location', `there is no storage location "${name}"; ${remedy}`, {
      subject: 'location',
    });
  }
  return found;
}

/** Throws `location-read-only` for a location that is not written to. One that is not known is left to others. */
export function requireWritable(location: StorageLocation | undefined): void {
  if (location?.readOnly === true) {
    const text = `the storage location ${location.name} is read-only; use another one, or set readOnly of the location to false`;
    throw new Failure('location-read-only', text, { subject: 'location' });
  }
}

function parseOne(entry: unknown, path: string): StorageLocation {
  if (!isMapping(entry)) {
    throw invalid(path, 'must be an object');
  }
  const provider = entry['provider'];
  if (provider !== 'folder' && provider !== 's3') {
    throw invalid(`${path}.provider`, 'must be "folder" or "s3"');
  }
  const known = provider === 'folder' ? FOLDER_FIELDS : S3_FIELDS;
  requireKnown(entry, known, { path, what: `a ${provider} location` });
  const name = text(entry, 'name', path);
  requireDnsLabel(name, `${path}.name`);
  const common = { ...readOnlyField(entry, path), ...bandwidthLimits(entry, path) };
  return provider === 'folder'
    ? { name, provider, path: absolutePath(entry, path), ...common }
    : { ...parseS3(name, entry, path), ...common };
}

function parseS3(name: string, fields: Fields, path: string): S3Location {
  const endpoint = optionalText(fields, 'endpoint', path);
  const isPathStyle = optionalBoolean(fields, 'isPathStyle', path) ?? endpoint !== undefined;
  return {
    name,
    provider: 's3',
    bucket: text(fields, 'bucket', path),
    prefix: (optionalText(fields, 'prefix', path) ?? '').replace(/^\/+|\/+$/g, ''),
    region: optionalText(fields, 'region', path) ?? 'us-east-1',
    isPathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...s3Options(fields, path),
  };
}

function readOnlyField(fields: Fields, path: string): { readOnly?: boolean } {
  const readOnly = optionalBoolean(fields, 'readOnly', path);
  return readOnly === undefined ? {} : { readOnly };
}

function bandwidthLimits(fields: Fields, path: string): BandwidthLimits {
  const limits: { -readonly [Field in keyof BandwidthLimits]: number } = {};
  for (const field of BANDWIDTH_FIELDS) {
    const value = fields[field];
    if (value === undefined) {
      continue;
    }
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < BANDWIDTH_BYTES_MIN) {
      const what = `must be a whole number of at least ${String(BANDWIDTH_BYTES_MIN)}; leave it out for no limit`;
      throw invalid(`${path}.${field}`, what);
    }
    limits[field] = value;
  }
  return limits;
}

function absolutePath(fields: Fields, path: string): string {
  const value = text(fields, 'path', path);
  if (!value.startsWith('/')) {
    throw invalid(`${path}.path`, 'must be an absolute path');
  }
  return value;
}
