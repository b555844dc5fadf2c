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

/** Error codes of the S3 protocol that say more than their HTTP status. */
const S3_CODES: Readonly<Record<string, FailureCode>> = {
  NoSuchBucket: 'location-forbidden',
  SlowDown: 'throttled',
  QuotaExceeded: 'quota-exceeded',
};

const HTTP_CODES: Readonly<Record<number, FailureCode>> = {
  401: 'location-forbidden',
  403: 'location-forbidden',
  404: 'object-missing',
  409: 'precondition-failed',
  412: 'precondition-failed',
  416: 'archive-mismatch',
  429: 'throttled',
  507: 'quota-exceeded',
};

/** Translates a failure of the file system by its code. */
export function folderFailure(error: unknown, action: string, key: string): Failure {
  if (error instanceof Failure) {
    return error;
  }
  const word = stringField(error, 'code');
  return build(FOLDER_CODES[word] ?? 'location-unreachable', { action, key, word, error });
}

/** Translates a failure of an S3 request by its error code and HTTP status, never by its text. */
export function s3Failure(error: unknown, action: string, key: string): Failure {
  if (error instanceof Failure) {
    return error;
  }
  const word = stringField(error, 'name');
  const status = httpStatus(error);
  const code = S3_CODES[word] ?? HTTP_CODES[status] ?? 'location-unreachable';
  const detail = status > 0 ? `HTTP ${String(status)} ${word}` : systemCode(error) || word;
  return build(code, { action, key, word: detail, error });
}

function build(
  code: FailureCode,
  what: { action: string; key: string; word: string; error: unknown },
): Failure {
  const text = `cannot ${what.action} ${what.key} in the storage location (${what.word})`;
  return new Failure(code, text, { subject: what.key, cause: what.error });
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
