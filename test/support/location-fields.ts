import type { StorageLocation } from '../../domain/storage-location.ts';

/** The fields that a location has, as the configuration takes them. */
export function locationFields(location: StorageLocation): object {
  return Object.fromEntries(Object.entries(location).filter(([, value]) => value !== ''));
}
