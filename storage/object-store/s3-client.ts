import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';

import { Failure } from '../../domain/failure.ts';
import type { S3CredentialsReference } from '../../domain/s3-options.ts';
import type { S3Location } from '../../domain/storage-location.ts';
import type { S3Credentials } from './s3-credentials.ts';
import { secretCredentials, type SecretReader } from './secret-credentials.ts';

const SOCKETS_MAX = 64;
const CONNECT_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 60_000;
/** Attempts of one request; patience beyond that is Temporal's. */
const ATTEMPTS_MAX = 2;

/** How a client differs from that of backups and restores. */
export interface S3Tuning {
  /** Reads the Secret of a location that has its credentials in one. */
  readonly readSecret?: SecretReader | undefined;
  readonly attemptsMax?: number;
  /** Longest silence of the server within a request. */
  readonly answerTimeoutMs?: number;
  /**
   * `WHEN_SUPPORTED` is the SDK's own choice. Many servers that speak S3 do not know these checksums, so they are sent
   * and asked for only where the protocol requires it; what is stored is read back and hashed anyway.
   */
  readonly checksums?: 'WHEN_REQUIRED' | 'WHEN_SUPPORTED';
}

/** A client for a location. Throws `location-forbidden` when the certificate authority cannot be read. */
export function createS3Client(location: S3Location, tuning: S3Tuning): S3Client {
  const { checksums = 'WHEN_REQUIRED' } = tuning;
  const ca = authorityOf(location);
  return new S3Client({
    region: location.region,
    ...(location.credentials === undefined
      ? {}
      : { credentials: readByRequest(location.credentials, tuning.readSecret) }),
    ...(location.endpoint === undefined ? {} : { endpoint: location.endpoint }),
    forcePathStyle: location.isPathStyle,
    maxAttempts: tuning.attemptsMax ?? ATTEMPTS_MAX,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: tuning.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
      ...agents(location, ca),
    }),
  });
}

/** A proxy carries TLS as it is, and so does not see what is sent to an endpoint with https. */
function agents({ proxyUrl: proxy }: S3Location, ca: string | Buffer | undefined) {
  const options = { keepAlive: true, maxSockets: SOCKETS_MAX };
  const secure = ca === undefined ? options : { ...options, ca };
  return proxy === undefined
    ? { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(secure) }
    : {
        httpAgent: new HttpProxyAgent({ ...options, proxy }),
        httpsAgent: new HttpsProxyAgent({ ...secure, proxy }),
      };
}

/** What comes before each key of a location in its bucket. */
export function prefixOf({ prefix }: S3Location): string {
  return prefix === '' ? '' : `${prefix}/`;
}

/**
 * The client keeps credentials until five minutes before they expire. These have done so already, and are asked for before
 * each request: whoever gives them keeps them for a while.
 */
function readByRequest(
  reference: S3CredentialsReference,
  readSecret: SecretReader | undefined,
): () => Promise<S3Credentials & { readonly expiration: Date }> {
  const read = secretCredentials(reference, readSecret);
  return async () => ({ ...(await read()), expiration: new Date() });
}

/** The certificate authority of the endpoint, if it is not one that everybody knows. */
function authorityOf({ caFile, caCert }: S3Location): string | Buffer | undefined {
  const ca = caFile === undefined ? caCert : readAuthority(caFile);
  if (ca !== undefined) {
    requireCertificate(ca, caFile === undefined ? 'caCert' : 'caFile');
  }
  return ca;
}

/** Otherwise the first connection fails, for a reason that cannot be told from others. */
function requireCertificate(ca: string | Buffer, field: string): void {
  try {
    new X509Certificate(ca);
  } catch (error) {
    const text = `${field} of the location is no certificate in PEM`;
    throw new Failure('location-forbidden', text, { subject: field, cause: error });
  }
}

function readAuthority(caFile: string): Buffer {
  try {
    return readFileSync(caFile);
  } catch (error) {
    const text = `caFile ${caFile} of the location cannot be read by this process`;
    throw new Failure('location-forbidden', text, { subject: 'caFile', cause: error });
  }
}
