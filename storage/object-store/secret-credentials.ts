import { Failure, isRetried } from '../../domain/failure.ts';
import type { S3CredentialsReference } from '../../domain/s3-options.ts';
import { profileOf } from './credentials-file.ts';
import type { S3Credentials } from './s3-credentials.ts';

/**
 * Reads a Secret of Holdfast's own namespace: its values by their keys, or undefined if there is none. Throws `Failure`,
 * whose text holds nothing of the Secret.
 */
export type SecretReader = (name: string) => Promise<SecretData | undefined>;

type SecretData = Readonly<Record<string, Uint8Array>>;

/** How long what was read is used: a Secret that was rotated is taken up without a restart. */
const KEPT_MS = 60_000;
const ID_KEY = 'AWS_ACCESS_KEY_ID';
const SECRET_KEY = 'AWS_SECRET_ACCESS_KEY';
const TOKEN_KEY = 'AWS_SESSION_TOKEN';
/** Where Velero has the credentials of a location, as a shared credentials file of AWS. */
const FILE_KEY = 'cloud';
const DEFAULT_PROFILE = 'default';

/**
 * The credentials that a Secret holds, read when they are asked for, and again after a minute. Those that were read before
 * go on being used while the cluster does not answer. Throws `location-forbidden`, which names what is missing, and what
 * the reader throws.
 */
export function secretCredentials(
  reference: S3CredentialsReference,
  read: SecretReader | undefined,
): () => Promise<S3Credentials> {
  let kept: S3Credentials | undefined;
  let readAtMs = -Infinity;
  let reading: Promise<S3Credentials> | undefined;
  const renew = async (): Promise<S3Credentials> => {
    try {
      kept = await readCredentials(reference, read);
      readAtMs = performance.now();
      return kept;
    } catch (error) {
      if (kept !== undefined && error instanceof Failure && isRetried(error.code)) {
        return kept;
      }
      throw error;
    } finally {
      reading = undefined;
    }
  };
  return async () => {
    if (kept !== undefined && performance.now() - readAtMs < KEPT_MS) {
      return kept;
    }
    reading ??= renew();
    return reading;
  };
}

async function readCredentials(
  reference: S3CredentialsReference,
  read: SecretReader | undefined,
): Promise<S3Credentials> {
  const { secretName, key } = reference;
  if (read === undefined) {
    throw unusable(secretName, 'cannot be read by this process, which has no cluster');
  }
  const data = await read(secretName);
  if (data === undefined) {
    const what = 'is not there; create it, or correct credentials.secretName of the location';
    throw unusable(secretName, what);
  }
  const fileKey = key ?? (ID_KEY in data ? undefined : FILE_KEY);
  return fileKey === undefined
    ? ofKeys(data, secretName)
    : ofProfile(data, { ...reference, key: fileKey });
}

function ofKeys(data: SecretData, secretName: string): S3Credentials {
  const [accessKeyId, secretAccessKey, sessionToken] = [ID_KEY, SECRET_KEY, TOKEN_KEY].map((key) =>
    textOf(data, key),
  );
  if (!accessKeyId || !secretAccessKey) {
    throw unusable(secretName, `needs both ${ID_KEY} and ${SECRET_KEY}, and one is empty`);
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

function ofProfile(
  data: SecretData,
  { secretName, key, profile = DEFAULT_PROFILE }: S3CredentialsReference & { readonly key: string },
): S3Credentials {
  if (!(key in data)) {
    const what = `has neither ${ID_KEY} nor the key ${key}; add what is missing, or correct credentials.key of the location`;
    throw unusable(secretName, what);
  }
  const credentials = profileOf(textOf(data, key), profile);
  if (credentials === undefined) {
    const what = `has in its key ${key} no profile ${profile} with aws_access_key_id and aws_secret_access_key; add it, or correct credentials.profile of the location`;
    throw unusable(secretName, what);
  }
  return credentials;
}

function textOf(data: SecretData, key: string): string {
  return Buffer.from(data[key] ?? [])
    .toString('utf8')
    .trim();
}

function unusable(secretName: string, what: string): Failure {
  const text = `the Secret ${secretName}, which has the credentials of the location, ${what}`;
  return new Failure('location-forbidden', text, { subject: `secrets/${secretName}` });
}
