import { createHash } from 'node:crypto';

import type { ObjectLockMode, ServerSideEncryption, StorageClass } from '@aws-sdk/client-s3';

import { durationMs } from '../../domain/duration.ts';
import { isCheckKey, isKeptKey } from '../../domain/object-key.ts';
import type { ObjectLock } from '../../domain/s3-options.ts';
import type { S3Location } from '../../domain/storage-location.ts';

/** What a request that begins an object asks for beside its bytes. */
export interface WriteSettings {
  readonly ServerSideEncryption?: ServerSideEncryption;
  readonly SSEKMSKeyId?: string;
  readonly StorageClass?: StorageClass;
  readonly ObjectLockMode?: ObjectLockMode;
  readonly ObjectLockRetainUntilDate?: Date;
}

/**
 * How an object of a location is to be stored. The storage class is that of what backups keep, since those that are cheap
 * cost more for what goes soon; a check asks for it too, so that it meets what a backup would. What backups keep is all that
 * is locked: everything else changes, or goes.
 */
export function writeSettings(
  { serverSideEncryption, kmsKeyId, storageClass, objectLock }: S3Location,
  key: string,
): WriteSettings {
  const hasClass = storageClass !== undefined && (isKeptKey(key) || isCheckKey(key));
  return {
    ...(serverSideEncryption === undefined ? {} : { ServerSideEncryption: serverSideEncryption }),
    ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
    // Servers have classes beside those that the SDK knows.
    ...(hasClass ? { StorageClass: storageClass as StorageClass } : {}),
    ...(objectLock !== undefined && isKeptKey(key) ? retention(objectLock) : {}),
  };
}

/** S3 takes nothing that is to be locked without a digest of it. */
export function digestOf(
  { ObjectLockMode }: WriteSettings,
  bytes: Uint8Array,
): { readonly ContentMD5?: string } {
  return ObjectLockMode === undefined
    ? {}
    : { ContentMD5: createHash('md5').update(bytes).digest('base64') };
}

function retention({ mode, period }: ObjectLock) {
  const ms = durationMs(period) ?? 0;
  return { ObjectLockMode: mode, ObjectLockRetainUntilDate: new Date(Date.now() + ms) };
}
