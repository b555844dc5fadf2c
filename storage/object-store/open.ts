import { findLocation, type StorageLocation } from '../../domain/storage-location.ts';
import { createFolderStore } from './folder.ts';
import type { ObjectStore } from './port.ts';
import { createS3Store } from './s3.ts';

/** Opens the store of a location; no request is sent before the first call. */
export function openObjectStore(location: StorageLocation): ObjectStore {
  return location.provider === 'folder' ? createFolderStore(location) : createS3Store(location);
}

/** Stores by the name of their location, each opened once. The function throws `unknown-location`. */
export function openStores(locations: readonly StorageLocation[]): (name: string) => ObjectStore {
  const stores = new Map<string, ObjectStore>();
  return (name) => {
    const store = stores.get(name) ?? openObjectStore(findLocation(locations, name));
    stores.set(name, store);
    return store;
  };
}
