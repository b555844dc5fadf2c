import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { S3Location } from '../../../domain/storage-location.ts';
import { resolveS3Credentials } from '../../../storage/object-store/resolve-credentials.ts';
import type { S3Credentials } from '../../../storage/object-store/s3-credentials.ts';
import type { RepositoryAccess } from '../port.ts';
import { COPY_MARK } from '../process.ts';
import type { ResticConfig } from './config.ts';

/** Status lines per second. */
const PROGRESS_PER_SECOND = '1';
const AWS_ENDPOINT = 'https://s3.amazonaws.com';

/** Variables of the process that restic gets as they are. */
const PASSED_ON = ['PATH', 'HOME', 'GOMAXPROCS', 'GOMEMLIMIT'];
/** Where restic finds credentials that expire, and renews them by itself, as the SDK does. */
const RENEWED_FROM = [
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
];

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The whole environment of a restic process. Credentials of a bucket are in it, as restic takes them from nowhere else
 * without writing them to a file; the password is not.
 */
export async function resticEnvironment(
  config: ResticConfig,
  { location, path, readSecret }: RepositoryAccess,
  key: string,
): Promise<Record<string, string>> {
  const temporary = join(config.cacheDir, 'tmp');
  await mkdir(temporary, { recursive: true });
  const own = {
    ...pick(process.env, PASSED_ON),
    [COPY_MARK]: key,
    TMPDIR: temporary,
    RESTIC_CACHE_DIR: join(config.cacheDir, 'restic'),
    RESTIC_PROGRESS_FPS: PROGRESS_PER_SECOND,
  };
  if (location.provider === 'folder') {
    return { ...own, RESTIC_REPOSITORY: join(location.path, path) };
  }
  return {
    ...own,
    RESTIC_REPOSITORY: bucketRepository(location, path),
    AWS_DEFAULT_REGION: location.region,
    ...(await authorityVariable(location, temporary)),
    ...proxyVariables(location),
    ...credentialVariables(await resolveS3Credentials(location, readSecret), process.env),
  };
}

function proxyVariables({ proxyUrl }: S3Location): Record<string, string> {
  return proxyUrl === undefined ? {} : { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl };
}

/** restic takes a certificate authority from a file alone. */
async function authorityVariable(
  { caFile, caCert }: S3Location,
  folder: string,
): Promise<{ RESTIC_CACERT?: string }> {
  if (caCert === undefined) {
    return caFile === undefined ? {} : { RESTIC_CACERT: caFile };
  }
  const digest = createHash('sha256').update(caCert).digest('hex');
  const file = join(folder, `ca-${digest}.pem`);
  // Another process may read it: it is there as a whole, or not at all.
  const written = `${file}.${randomUUID()}`;
  await writeFile(written, caCert);
  await rename(written, file);
  return { RESTIC_CACERT: file };
}

/** How restic calls a repository in a bucket; the path is that of a URL. */
export function bucketRepository(location: S3Location, path: string): string {
  const { endpoint = AWS_ENDPOINT, bucket, prefix } = location;
  const parts = [bucket, ...prefix.split('/'), ...path.split('/')].filter((part) => part !== '');
  return `s3:${endpoint.replace(/\/+$/, '')}/${parts.map(encodeURIComponent).join('/')}`;
}

/**
 * How restic gets the credentials that the SDK found. Those that expire would end a long copy, so restic is told where
 * they come from if it can renew them; those of a profile it cannot, and gets as they are.
 */
export function credentialVariables(found: S3Credentials, env: Variables): Record<string, string> {
  const isProfile = env['AWS_PROFILE'] !== undefined;
  if (found.expiresAt !== undefined && !isProfile) {
    return { ...pick(env, RENEWED_FROM), ...pick(env, ['AWS_REGION']) };
  }
  const { accessKeyId, secretAccessKey, sessionToken } = found;
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
  };
}

function pick(env: Variables, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
