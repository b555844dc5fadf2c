import type { ServerSideEncryption, StorageClass } from '@aws-sdk/client-s3';

import { isCheckKey, isKeptKey } from '../../domain/object-key.ts';
import type { S3Location } from '../../domain/storage-location.ts';

/** What a request that begins an object asks for beside its bytes. */
export interface WriteSettings {
  readonly ServerSideEncryption?: ServerSideEncryption;
  readonly SSEKMSKeyId?: string;
  readonly StorageClass?: StorageClass;
}

/**
 * How an object of a location is to be stored. The storage class is that of what backups keep, since those that are cheap
 * cost more for what goes soon; a check asks for it too, so that it meets what a backup would.
 */
export function writeSettings(
  { serverSideEncryption, kmsKeyId, storageClass }: S3Location,
  key: string,
): WriteSettings {
  const hasClass = storageClass !== undefined && (isKeptKey(key) || isCheckKey(key));
  return {
    ...(serverSideEncryption === undefined ? {} : { ServerSideEncryption: serverSideEncryption }),
    ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
    // Servers have classes beside those that the SDK knows.
    ...(hasClass ? { StorageClass: storageClass as StorageClass } : {}),
  };
}
