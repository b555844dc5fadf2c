import type { Command } from 'commander';

import type { StorageLocationResource } from '../domain/locations/api-location.ts';
import { Failure } from '../domain/failure.ts';
import { DEFAULT_LOCATION } from '../domain/storage-location.ts';
import type { ApiClient } from './client.ts';

/** Where the backups are. */
export interface PlaceOptions {
  readonly bucket?: string;
  readonly prefix?: string;
  readonly endpoint?: string;
  readonly path?: string;
}

/** Adds the flags of `PlaceOptions`. */
export function withPlace(command: Command): Command {
  return command
    .option('--bucket <bucket>', 'the bucket with the backups')
    .option('--prefix <prefix>', 'prefix of all keys in the bucket')
    .option('--endpoint <url>', 'URL of the server, where several have a bucket of this name')
    .option('--path <folder>', 'a folder, where the backups are in no bucket');
}

/** The location of Holdfast that has a place. Throws `unknown-location`, which says how to configure it. */
export async function findPlace(
  client: ApiClient,
  place: PlaceOptions,
): Promise<StorageLocationResource> {
  if ((place.bucket === undefined) === (place.path === undefined)) {
    throw new Failure('invalid-request', 'name the place of the backups: --bucket, or --path');
  }
  const { items } = await client.locations();
  const found = items.filter(({ spec }) => isAt(spec, place));
  const [location, other] = found;
  if (other !== undefined) {
    const names = found.map(({ metadata }) => metadata.name).join(', ');
    throw new Failure('invalid-request', `several locations are there (${names}); add --endpoint`);
  }
  if (location === undefined) {
    const entry = JSON.stringify({ name: DEFAULT_LOCATION, ...fieldsOf(place) });
    const text = `this Holdfast has no location at ${placeText(place)}; its locations are: ${items.map(({ metadata }) => metadata.name).join(', ')}. Configure it for the API and the workers, and try again: HOLDFAST_LOCATIONS='[${entry}]'`;
    throw new Failure('unknown-location', text);
  }
  return location;
}

function isAt(spec: StorageLocationResource['spec'], place: PlaceOptions): boolean {
  if (spec.provider === 'folder') {
    return place.path !== undefined && trimmed(spec.path) === trimmed(place.path);
  }
  if (spec.provider === undefined) {
    return false;
  }
  const isServer =
    place.endpoint === undefined || trimmed(spec.endpoint) === trimmed(place.endpoint);
  return spec.bucket === place.bucket && trimmed(spec.prefix) === trimmed(place.prefix) && isServer;
}

function trimmed(text = ''): string {
  return text.replace(/^\/+(?=.*[^/])|\/+$/g, '');
}

function fieldsOf({ path, ...bucket }: PlaceOptions): object {
  const fields = path === undefined ? { provider: 's3', ...bucket } : { provider: 'folder', path };
  const known = ['provider', 'path', 'bucket', 'prefix', 'endpoint'];
  return Object.fromEntries(Object.entries(fields).filter(([name]) => known.includes(name)));
}

function placeText({ bucket = '', prefix, path }: PlaceOptions): string {
  return path ?? `s3://${bucket}${prefix === undefined ? '' : `/${trimmed(prefix)}`}`;
}
