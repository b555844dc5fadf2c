import type { StorageLocation } from '../../domain/storage-location.ts';
import { createFolderStore } from './folder.ts';
import type { ObjectStore } from './port.ts';
import { createS3Store } from './s3.ts';
import type { SecretReader } from './secret-credentials.ts';

/**
 * Opens the store of a location; no request is sent before the first call. Without a reader, a location with credentials
 * in a Secret refuses every call.
 */
export function openObjectStore(location: StorageLocation, readSecret?: SecretReader): ObjectStore {
  return location.provider === 'folder'
    ? createFolderStore(location)
    : createS3Store(location, { readSecret });
}
