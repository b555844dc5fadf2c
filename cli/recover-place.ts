import { type Command } from 'commander';

import { Failure } from '../domain/failure.ts';
import type { Fields } from '../domain/fields.ts';
import type { StorageLocationResource } from '../domain/locations/api-location.ts';
import { DEFAULT_LOCATION } from '../domain/storage-location.ts';
import type { ApiClient } from './client/api-client.ts';
import { type LocationFlags, locationSpec, withLocationFields } from './location-flags.ts';

/** Where the backups are. */
export interface PlaceOptions extends LocationFlags {
  readonly location: string;
}

/** Adds the flags of `PlaceOptions`. */
export function withPlace(command: Command): Command {
  return withLocationFields(command).option(
    '--location <name>',
    'how the location is called, if Holdfast has none at this place',
    DEFAULT_LOCATION,
  );
}

/** A location, which was made just now or was there. */
export interface FoundPlace {
  readonly resource: StorageLocationResource;
  readonly isNew: boolean;
}

/** The location that has a place; it is checked and kept where there is none. */
export async function findPlace(client: ApiClient, options: PlaceOptions): Promise<FoundPlace> {
  const provider = options.provider ?? (options.path === undefined ? 's3' : 'folder');
  const spec = await locationSpec({ ...options, provider });
  if (spec['bucket'] === undefined && spec['path'] === undefined) {
    throw new Failure('invalid-request', 'name the place of the backups: --bucket, or --path');
  }
  const { items } = await client.locations.list();
  const found = items.filter((item) => isAt(item.spec, spec));
  const [resource, other] = found;
  if (other !== undefined) {
    const names = found.map(({ metadata }) => metadata.name).join(', ');
    throw new Failure('invalid-request', `several locations are there (${names}); add --endpoint`);
  }
  if (resource !== undefined) {
    return { resource, isNew: false };
  }
  const request = { name: options.location, spec };
  return { resource: await client.locations.write('create', request, true), isNew: true };
}

function isAt(spec: StorageLocationResource['spec'], place: Fields): boolean {
  if (spec.provider === 'folder') {
    return place['path'] !== undefined && trimmed(spec.path) === trimmed(place['path']);
  }
  if (spec.provider !== 's3') {
    return false;
  }
  const { endpoint } = place;
  const isServer = endpoint === undefined || trimmed(spec.endpoint) === trimmed(endpoint);
  const isPrefix = trimmed(spec.prefix) === trimmed(place['prefix']);
  return spec.bucket === place['bucket'] && isPrefix && isServer;
}

function trimmed(text: unknown): string {
  return typeof text === 'string' ? text.replace(/^\/+(?=.*[^/])|\/+$/g, '') : '';
}
