import type { StorageLocation } from '../../domain/storage-location.ts';
import { createFolderStore } from './folder.ts';
import type { ObjectStore } from './port.ts';
import { createS3Store } from './s3.ts';

/** Opens the store of a location; no request is sent before the first call. */
export function openObjectStore(location: StorageLocation): ObjectStore {
  return location.provider === 'folder' ? createFolderStore(location) : createS3Store(location);
}
