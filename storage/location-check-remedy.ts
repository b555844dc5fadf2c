import { Failure, type FailureReport } from '../domain/failure.ts';
import type { LocationCheckName } from '../domain/location-check.ts';
import type { StorageLocation } from '../domain/storage-location.ts';

/** The permissions that an operation needs in a policy of S3. */
const PERMISSIONS: Readonly<Record<LocationCheckName, string>> = {
  put: 's3:PutObject',
  get: 's3:GetObject',
  'range-get': 's3:GetObject',
  head: 's3:GetObject',
  list: 's3:ListBucket',
  'list-folders': 's3:ListBucket',
  delete: 's3:DeleteObject',
  'multipart-upload': 's3:PutObject',
  'abort-upload': 's3:AbortMultipartUpload and s3:ListBucketMultipartUploads',
  'copy-part': 's3:GetObject and s3:PutObject',
  'conditional-completion': 's3:PutObject and s3:AbortMultipartUpload',
  'if-none-match': 's3:PutObject',
  'if-match': 's3:PutObject',
  'checksums-configured': 's3:PutObject',
  'checksums-default': 's3:PutObject',
  'object-lock':
    's3:GetBucketObjectLockConfiguration, s3:PutObjectRetention and s3:GetObjectRetention',
  clock: 's3:ListBucket',
};

const REFUSED_CONDITION =
  'backups and restores need conditional writes here; use a server that knows them';

/** What else there is to say where an operation fails in another way than by missing rights. */
const REMEDIES: Readonly<Partial<Record<LocationCheckName, string>>> = {
  'if-none-match': REFUSED_CONDITION,
  'if-match': REFUSED_CONDITION,
  'conditional-completion': REFUSED_CONDITION,
  'copy-part': 'backups of more than 16 MiB need a server that copies parts (UploadPartCopy)',
  'multipart-upload': 'backups of more than 8 MiB need a server that takes uploads in parts',
  'abort-upload':
    'let a lifecycle rule of the bucket end incomplete uploads, and see why they cannot be ended',
  'checksums-default':
    'Holdfast does not send the newer checksums, so nothing is to be done for it; tell other programs to leave them out',
};

const IGNORED_CONDITION =
  'the workflow id alone guards a name there: let one installation alone use this bucket and prefix, or use a server that knows conditional writes';

/** A failure of an operation with what can be done about it, in the words of its user. */
export function checkFailure(
  error: unknown,
  name: LocationCheckName,
  location: StorageLocation,
): FailureReport {
  const failure =
    error instanceof Failure
      ? error
      : new Failure('internal', `something unforeseen happened (${nameOf(error)})`);
  const remedy = remedyOf(failure, name, location);
  const { code, message, subject } = failure;
  return {
    code,
    message: remedy === undefined ? message : `${message}; ${remedy}`,
    ...(subject === undefined ? {} : { subject }),
  };
}

/** The message of an unforeseen error may quote anything. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function remedyOf(
  { code, message }: Failure,
  name: LocationCheckName,
  location: StorageLocation,
): string | undefined {
  switch (code) {
    case 'condition-ignored':
      return IGNORED_CONDITION;
    case 'clock-differs':
      return 'set the clocks of both by NTP';
    case 'location-forbidden':
      // The store has said what to do where it is not about rights.
      return message.includes('; ') ? undefined : permission(name, location);
    case 'location-unreachable':
      return message.includes('HTTP') ? REMEDIES[name] : connection(location);
    case 'timed-out':
      return 'the location answers too slowly, or not at all';
    default:
      return undefined;
  }
}

function connection(location: StorageLocation): string {
  if (location.provider === 'folder') {
    return 'see whether the folder is there and mounted';
  }
  return location.proxyUrl === undefined
    ? 'check the endpoint and the network'
    : 'check proxyUrl of the location, that the proxy lets its user connect to the endpoint, and the endpoint';
}

function permission(name: LocationCheckName, location: StorageLocation): string {
  if (location.provider === 'folder') {
    return `let the user of the process read and write below ${location.path}`;
  }
  const needed = `the credentials need ${PERMISSIONS[name]} in the bucket ${location.bucket}`;
  return location.serverSideEncryption === 'aws:kms'
    ? `${needed}, and kms:GenerateDataKey and kms:Decrypt of the key`
    : needed;
}
