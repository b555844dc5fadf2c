import { S3Client } from '@aws-sdk/client-s3';

import type { S3Location } from '../../domain/storage-location.ts';
import { s3Failure } from './errors.ts';

/** What signs requests to a bucket. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Left out for credentials that stay valid, or that do not say. */
  readonly expiresAt?: Date;
}

/**
 * Finds the credentials of a location in the AWS environment, as its store does, for a program that is not ours. Throws
 * as the store does.
 */
export async function resolveS3Credentials(location: S3Location): Promise<S3Credentials> {
  const client = new S3Client({ region: location.region });
  try {
    const found = await client.config.credentials();
    return {
      accessKeyId: found.accessKeyId,
      secretAccessKey: found.secretAccessKey,
      ...(found.sessionToken === undefined ? {} : { sessionToken: found.sessionToken }),
      ...(found.expiration === undefined ? {} : { expiresAt: found.expiration }),
    };
  } catch (error) {
    throw s3Failure(error, 'find credentials for', '');
  } finally {
    client.destroy();
  }
}
