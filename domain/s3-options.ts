import { durationMs } from './duration.ts';
import { type Fields, isMapping } from './fields.ts';
import { invalid, optionalText, requireKnown, text } from './location-fields.ts';

/** Where credentials of a bucket are: in a Secret of Holdfast's own namespace. */
export interface S3CredentialsReference {
  readonly secretName: string;
  /**
   * Key whose value is a shared credentials file of AWS. When left out, the Secret has the keys `AWS_ACCESS_KEY_ID`,
   * `AWS_SECRET_ACCESS_KEY` and perhaps `AWS_SESSION_TOKEN`, or else that file under `cloud`, as Velero's has.
   */
  readonly key?: string;
  /** Profile of that file; `default` when left out. */
  readonly profile?: string;
}

/** How the server of a bucket encrypts what is stored, by the names of S3. */
export const SERVER_SIDE_ENCRYPTIONS = ['AES256', 'aws:kms'] as const;
type ServerSideEncryption = (typeof SERVER_SIDE_ENCRYPTIONS)[number];

/** How long what backups keep cannot be removed from its bucket, and by whom, by the names of S3. */
export const OBJECT_LOCK_MODES = ['GOVERNANCE', 'COMPLIANCE'] as const;

export interface ObjectLock {
  readonly mode: (typeof OBJECT_LOCK_MODES)[number];
  /** From when an object is written; a Go duration. */
  readonly period: string;
}

/** What may be said of a bucket. */
export interface S3Options {
  /** PEM file with the certificate authority of the endpoint. */
  readonly caFile?: string;
  /** The same as text, in PEM; at most one of the two. */
  readonly caCert?: string;
  /**
   * Proxy by which the endpoint is reached, with a user and a password where it asks for them; no proxy when left out,
   * whatever the environment of the process says.
   */
  readonly proxyUrl?: string;
  /** The AWS environment of the process when left out: its variables, files, or workload identity. */
  readonly credentials?: S3CredentialsReference;
  /** Of what backups keep; the server's own when left out. */
  readonly storageClass?: string;
  /** Asked for with each object; what the bucket does by itself when left out. */
  readonly serverSideEncryption?: ServerSideEncryption;
  /** With `aws:kms` alone; the account's own key when left out. */
  readonly kmsKeyId?: string;
  /** Retention of what backups keep; what the bucket does by itself when left out. */
  readonly objectLock?: ObjectLock;
}

/** The names of all of them, as they are in the configuration of a location. */
export const S3_OPTIONS = [
  ...['caFile', 'caCert', 'credentials', 'storageClass', 'serverSideEncryption', 'kmsKeyId'],
  'objectLock',
  'proxyUrl',
] as const satisfies readonly string[];

const CREDENTIALS_FIELDS = new Set(['secretName', 'key', 'profile']);
/** A DNS subdomain (RFC 1123). */
const SECRET_NAME =
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Backups are read again when they are made; from these that takes hours, and an order. */
const ARCHIVE_CLASSES = new Set(['GLACIER', 'DEEP_ARCHIVE']);
const LOCK_FIELDS = new Set(['mode', 'period']);
const LOCK_MS_MIN = 1000;
/** A hundred years, as S3 has it. */
const LOCK_MS_MAX = 876_000 * 3_600_000;
const PROXY_URL = /^https?:\/\/([^\s/@]+@)?([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?\/?$/i;
const STORAGE_CLASS = /^[\w-]{1,64}$/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/;

/** Reads and checks them. Throws `invalid-request` that names the field. */
export function s3Options(fields: Fields, path: string): S3Options {
  const entries = Object.entries({
    ...authority(fields, path),
    proxyUrl: proxyUrl(fields, path),
    credentials: credentialsReference(fields, path),
    storageClass: storageClass(fields, path),
    ...encryption(fields, path),
    objectLock: objectLock(fields, path),
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function authority(fields: Fields, path: string) {
  const caFile = optionalText(fields, 'caFile', path);
  const caCert = optionalText(fields, 'caCert', path);
  if (caCert !== undefined && !CERTIFICATE.test(caCert)) {
    throw invalid(`${path}.caCert`, 'must be a certificate in PEM, from BEGIN to END CERTIFICATE');
  }
  if (caCert !== undefined && caFile !== undefined) {
    throw invalid(`${path}.caCert`, 'and caFile exclude each other; leave one out');
  }
  return { caFile, caCert };
}

function proxyUrl(fields: Fields, path: string): string | undefined {
  const value = optionalText(fields, 'proxyUrl', path);
  if (value !== undefined && !PROXY_URL.test(value)) {
    // The text may hold a password, and is not shown.
    const what = 'must be a URL such as http://proxy.example:3128, with https:// for TLS';
    throw invalid(`${path}.proxyUrl`, what);
  }
  return value;
}

/** A URL without the user and the password that it may carry. */
export function withoutUser(url: string): string {
  return url.replace(/(?<=^[a-z]+:\/\/)[^/]*@/i, '');
}

function storageClass(fields: Fields, path: string): string | undefined {
  const value = optionalText(fields, 'storageClass', path);
  if (value !== undefined && ARCHIVE_CLASSES.has(value)) {
    throw invalid(
      `${path}.storageClass`,
      `must not be ${value}, from which nothing can be read at once; GLACIER_IR can, or let a lifecycle rule of the bucket move old backups`,
    );
  }
  if (value !== undefined && !STORAGE_CLASS.test(value)) {
    throw invalid(`${path}.storageClass`, 'must be the name of a storage class, as STANDARD_IA');
  }
  return value;
}

function encryption(fields: Fields, path: string) {
  const value = optionalText(fields, 'serverSideEncryption', path);
  const serverSideEncryption = SERVER_SIDE_ENCRYPTIONS.find((known) => known === value);
  if (serverSideEncryption !== value) {
    throw invalid(`${path}.serverSideEncryption`, 'must be "AES256" or "aws:kms"');
  }
  const kmsKeyId = optionalText(fields, 'kmsKeyId', path);
  if (kmsKeyId !== undefined && serverSideEncryption !== 'aws:kms') {
    throw invalid(`${path}.kmsKeyId`, 'needs serverSideEncryption "aws:kms"');
  }
  return { serverSideEncryption, kmsKeyId };
}

function objectLock(fields: Fields, path: string): ObjectLock | undefined {
  const value = fields['objectLock'];
  const at = `${path}.objectLock`;
  if (value === undefined) {
    return undefined;
  }
  if (!isMapping(value)) {
    throw invalid(at, 'must be an object with mode and period');
  }
  requireKnown(value, LOCK_FIELDS, { path: at, what: 'objectLock' });
  const mode = OBJECT_LOCK_MODES.find((known) => known === value['mode']);
  if (mode === undefined) {
    throw invalid(`${at}.mode`, `must be ${OBJECT_LOCK_MODES.join(' or ')}`);
  }
  const period = text(value, 'period', at);
  const ms = durationMs(period) ?? 0;
  if (ms < LOCK_MS_MIN || ms > LOCK_MS_MAX) {
    throw invalid(`${at}.period`, 'must be a duration from 1s to 876000h, such as 720h');
  }
  return { mode, period };
}

function credentialsReference(fields: Fields, path: string): S3CredentialsReference | undefined {
  const value = fields['credentials'];
  const at = `${path}.credentials`;
  if (value === undefined) {
    return undefined;
  }
  if (!isMapping(value)) {
    throw invalid(at, 'must be an object with secretName, and perhaps key and profile');
  }
  requireKnown(value, CREDENTIALS_FIELDS, { path: at, what: 'credentials' });
  const secretName = text(value, 'secretName', at);
  if (!SECRET_NAME.test(secretName)) {
    throw invalid(`${at}.secretName`, 'must be the name of a Secret in the namespace of Holdfast');
  }
  const key = optionalText(value, 'key', at);
  const profile = optionalText(value, 'profile', at);
  return {
    secretName,
    ...(key === undefined ? {} : { key }),
    ...(profile === undefined ? {} : { profile }),
  };
}
