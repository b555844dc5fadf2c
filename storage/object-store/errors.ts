import { Failure, type FailureCode } from '../../domain/failure.ts';

/** System error codes of a folder that cannot be used as it is. */
const FOLDER_CODES: Readonly<Record<string, FailureCode>> = {
  ENOENT: 'object-missing',
  EEXIST: 'precondition-failed',
  EACCES: 'location-forbidden',
  EPERM: 'location-forbidden',
  EROFS: 'location-forbidden',
  ENOSPC: 'quota-exceeded',
  EDQUOT: 'quota-exceeded',
};

/** Error codes of the S3 protocol, and of servers that speak it, that say more than their HTTP status. */
const S3_CODES: Readonly<Record<string, FailureCode>> = {
  AccessDenied: 'location-forbidden',
  AuthorizationHeaderMalformed: 'location-forbidden',
  BandwidthLimitExceeded: 'throttled',
  // Two writes met; S3 says itself that the request is to be sent again.
  ConditionalRequestConflict: 'location-unreachable',
  EntityTooLarge: 'quota-exceeded',
  EntityTooSmall: 'internal',
  ExpiredToken: 'location-forbidden',
  IllegalLocationConstraintException: 'location-forbidden',
  InvalidBucketName: 'location-forbidden',
  // What the request asks for, a storage class or an encryption, is not to be had.
  InvalidEncryptionAlgorithmError: 'location-forbidden',
  InvalidRequest: 'location-forbidden',
  InvalidStorageClass: 'location-forbidden',
  InvalidToken: 'location-forbidden',
  'KMS.DisabledException': 'location-forbidden',
  'KMS.InvalidKeyUsageException': 'location-forbidden',
  'KMS.KMSInvalidStateException': 'location-forbidden',
  'KMS.NotFoundException': 'location-forbidden',
  NoSuchBucket: 'location-forbidden',
  // The upload was ended, or its end was answered once already: a new upload shows which.
  NoSuchUpload: 'location-unreachable',
  ObjectLockConfigurationNotFoundError: 'location-forbidden',
  OperationAborted: 'location-unreachable',
  PermanentRedirect: 'location-forbidden',
  QuotaExceeded: 'quota-exceeded',
  RequestLimitExceeded: 'throttled',
  SlowDown: 'throttled',
  SlowDownRead: 'throttled',
  SlowDownWrite: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  TokenRefreshRequired: 'location-forbidden',
  TooManyRequests: 'throttled',
  XMinioAdminBucketQuotaExceeded: 'quota-exceeded',
  XMinioStorageFull: 'quota-exceeded',
};

const HTTP_CODES: Readonly<Record<number, FailureCode>> = {
  301: 'location-forbidden',
  401: 'location-forbidden',
  403: 'location-forbidden',
  404: 'object-missing',
  409: 'precondition-failed',
  412: 'precondition-failed',
  416: 'archive-mismatch',
  429: 'throttled',
  507: 'quota-exceeded',
};

/** Codes of a connection that another attempt does not mend; an expired certificate is renewed by others. */
const CONNECTION_CODES: Readonly<Record<string, FailureCode>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'location-forbidden',
  ERR_TLS_CERT_ALTNAME_INVALID: 'location-forbidden',
  SELF_SIGNED_CERT_IN_CHAIN: 'location-forbidden',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'location-forbidden',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'location-forbidden',
};

const CHECK_CA = 'set caFile or caCert of the location to the authority of its certificate';
const CHECK_CREDENTIALS =
  'check the credentials: the Secret that the location names, or else the AWS environment of the process';
const CHECK_REGION = 'check the region and the endpoint of the location';
const CHECK_CLASS = 'check storageClass of the location';
const CHECK_ENCRYPTION = 'check serverSideEncryption of the location';
const CHECK_KEY =
  'check kmsKeyId of the location, and that its key is enabled and in the same region';
const CHECK_SETTINGS =
  'check whether bucket and server know storageClass, serverSideEncryption and objectLock of the location';
const CHECK_BUCKET = 'check the bucket of the location';

/** What to do about it, where the code alone tells. */
const REMEDIES: Readonly<Record<string, string>> = {
  AuthorizationHeaderMalformed: CHECK_REGION,
  CERT_HAS_EXPIRED: 'renew the certificate of the endpoint',
  CredentialsProviderError: CHECK_CREDENTIALS,
  DEPTH_ZERO_SELF_SIGNED_CERT: CHECK_CA,
  ERR_TLS_CERT_ALTNAME_INVALID: 'use a host name in the endpoint that its certificate holds',
  ExpiredToken: CHECK_CREDENTIALS,
  IllegalLocationConstraintException: CHECK_REGION,
  InvalidAccessKeyId: CHECK_CREDENTIALS,
  InvalidBucketName: CHECK_BUCKET,
  InvalidEncryptionAlgorithmError: CHECK_ENCRYPTION,
  InvalidRequest: CHECK_SETTINGS,
  InvalidStorageClass: CHECK_CLASS,
  InvalidToken: CHECK_CREDENTIALS,
  'KMS.DisabledException': CHECK_KEY,
  'KMS.InvalidKeyUsageException': CHECK_KEY,
  'KMS.KMSInvalidStateException': CHECK_KEY,
  'KMS.NotFoundException': CHECK_KEY,
  NoSuchBucket: CHECK_BUCKET,
  ObjectLockConfigurationNotFoundError:
    'enable object lock of the bucket, which takes versioning, or leave objectLock of the location out',
  PermanentRedirect: CHECK_REGION,
  RequestTimeTooSkewed: 'set the clock of this machine',
  SELF_SIGNED_CERT_IN_CHAIN: CHECK_CA,
  SignatureDoesNotMatch: CHECK_CREDENTIALS,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CHECK_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CHECK_CA,
};

/** Translates a failure of the file system by its code. */
export function folderFailure(error: unknown, action: string, key: string): Failure {
  if (error instanceof Failure) {
    return error;
  }
  const word = stringField(error, 'code');
  // A write that misses a file or a folder met a clean-up; another attempt makes them anew.
  const isSwept = action === 'write' && word === 'ENOENT';
  const code = isSwept ? undefined : FOLDER_CODES[word];
  return build(code ?? 'location-unreachable', { action, key, error, word });
}

/** Translates a failure of an S3 request by its error code and HTTP status, never by its text. */
export function s3Failure(error: unknown, action: string, key: string): Failure {
  if (error instanceof Failure) {
    return error;
  }
  const name = stringField(error, 'name');
  const status = httpStatus(error);
  // Without an answer it is the connection that says what is wrong.
  const word = status > 0 ? name : systemCode(error) || name;
  const code =
    S3_CODES[word] ?? HTTP_CODES[status] ?? CONNECTION_CODES[word] ?? 'location-unreachable';
  const prefix = status > 0 ? `HTTP ${String(status)} ` : '';
  return build(code, { action, key, error, word, prefix });
}

function build(
  code: FailureCode,
  what: { action: string; key: string; error: unknown; word: string; prefix?: string },
): Failure {
  const { action, key, error, word, prefix = '' } = what;
  const remedy = REMEDIES[word] === undefined ? '' : `; ${REMEDIES[word]}`;
  const place = key === '' ? 'the storage location' : `${key} in the storage location`;
  const text = `cannot ${action} ${place} (${prefix}${word})${remedy}`;
  return new Failure(code, text, { subject: key, cause: error });
}

function httpStatus(error: unknown): number {
  const metadata: unknown = field(error, '$metadata');
  const status = field(metadata, 'httpStatusCode');
  return typeof status === 'number' ? status : 0;
}

function systemCode(error: unknown): string {
  for (let part = error; part instanceof Error; part = part.cause) {
    const code = stringField(part, 'code');
    if (code !== '') {
      return code;
    }
  }
  return '';
}

function stringField(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === 'string' ? found : '';
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
