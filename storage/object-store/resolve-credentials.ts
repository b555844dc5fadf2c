import { S3Client } from '@aws-sdk/client-s3';

import type { S3Location } from '../../domain/storage-location.ts';
import { s3Failure } from './errors.ts';
import type { S3Credentials } from './s3-credentials.ts';
import { secretCredentials, type SecretReader } from './secret-credentials.ts';

/**
 * Finds the credentials of a location in its Secret or in the AWS environment, as its store does, for a program that is
 * not ours. Throws as the store does.
 */
export async function resolveS3Credentials(
  location: S3Location,
  readSecret?: SecretReader,
): Promise<S3Credentials> {
  if (location.credentials !== undefined) {
    return secretCredentials(location.credentials, readSecret)();
  }
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
