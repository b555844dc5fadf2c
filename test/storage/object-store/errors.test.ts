import { afterAll, beforeAll, expect, test } from 'vitest';

import { Failure, isRetried } from '../../../domain/failure.ts';
import { folderFailure } from '../../../storage/object-store/errors.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { createS3Store } from '../../../storage/object-store/s3.ts';
import { type CannedAnswer, type S3Front, startS3Front } from '../../support/s3-front.ts';

let front: S3Front;
let store: ObjectStore;
/** What the server answers in the present test. */
let answer: CannedAnswer;

beforeAll(async () => {
  front = await startS3Front('http://127.0.0.1:9', { answer: () => answer });
  store = createS3Store({
    name: 'default',
    provider: 's3',
    bucket: 'shop',
    prefix: 'p',
    region: 'us-east-1',
    isPathStyle: true,
    endpoint: `http://127.0.0.1:${String(front.port)}`,
  });
});

afterAll(() => {
  store.close();
  front.stop();
});

async function failureOf(action: Promise<unknown>): Promise<Failure> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) {
    return error;
  }
  throw new Error('it did not fail as it should', { cause: error });
}

function errorAnswer(status: number, code: string): CannedAnswer {
  return { status, body: `<Error><Code>${code}</Code><Message>secret text</Message></Error>` };
}

test.each([
  [301, 'PermanentRedirect', 'location-forbidden'],
  [400, 'AuthorizationHeaderMalformed', 'location-forbidden'],
  [400, 'BadDigest', 'location-unreachable'],
  [400, 'EntityTooLarge', 'quota-exceeded'],
  [400, 'EntityTooSmall', 'internal'],
  [400, 'ExpiredToken', 'location-forbidden'],
  [400, 'IllegalLocationConstraintException', 'location-forbidden'],
  [400, 'IncompleteBody', 'location-unreachable'],
  [400, 'RequestTimeout', 'location-unreachable'],
  [400, 'ThrottlingException', 'throttled'],
  [400, 'XMinioAdminBucketQuotaExceeded', 'quota-exceeded'],
  [403, 'AccessDenied', 'location-forbidden'],
  [403, 'InvalidAccessKeyId', 'location-forbidden'],
  [403, 'QuotaExceeded', 'quota-exceeded'],
  [403, 'RequestTimeTooSkewed', 'location-forbidden'],
  [403, 'SignatureDoesNotMatch', 'location-forbidden'],
  [404, 'NoSuchBucket', 'location-forbidden'],
  [404, 'NoSuchKey', 'object-missing'],
  [404, 'NoSuchUpload', 'location-unreachable'],
  [409, 'ConditionalRequestConflict', 'location-unreachable'],
  [409, 'OperationAborted', 'location-unreachable'],
  [412, 'PreconditionFailed', 'precondition-failed'],
  [429, 'TooManyRequests', 'throttled'],
  [500, 'InternalError', 'location-unreachable'],
  [503, 'ServiceUnavailable', 'location-unreachable'],
  [503, 'SlowDown', 'throttled'],
  [507, 'XMinioStorageFull', 'quota-exceeded'],
])('an answer %d %s is %s', async (status, word, code) => {
  answer = errorAnswer(status, word);
  const failure = await failureOf(store.put('k', Buffer.from('x')));
  expect(failure).toMatchObject({ code, subject: 'k' });
  expect(failure.message).toContain(`HTTP ${String(status)} ${word}`);
  expect(failure.message).not.toContain('secret text');
});

test.each([
  [403, 'RequestTimeTooSkewed', 'clock'],
  [403, 'SignatureDoesNotMatch', 'credentials'],
  [404, 'NoSuchBucket', 'bucket of the location'],
  [301, 'PermanentRedirect', 'region'],
])('an answer %d %s names the remedy: the %s', async (status, word, remedy) => {
  answer = errorAnswer(status, word);
  expect((await failureOf(store.get('k'))).message).toContain(remedy);
});

test('a failure at the whole location is a sentence too', async () => {
  answer = errorAnswer(404, 'NoSuchBucket');
  const failure = await failureOf(store.abortUploads(''));
  expect(failure.message).toMatch(/^cannot end the uploads under the storage location \(HTTP 404/);
});

test('two writes that meet are tried again, and a write that came second is not', async () => {
  answer = errorAnswer(409, 'ConditionalRequestConflict');
  const met = await failureOf(store.put('k', Buffer.from('x'), { isNew: true }));
  answer = errorAnswer(412, 'PreconditionFailed');
  const second = await failureOf(store.put('k', Buffer.from('x'), { isNew: true }));
  expect([isRetried(met.code), isRetried(second.code)]).toEqual([true, false]);
});

test('a removal names the key that was refused, and takes a missing one for removed', async () => {
  const missing = '<Error><Key>p/a</Key><Code>NoSuchKey</Code></Error>';
  const refused = '<Error><Key>p/b</Key><Code>AccessDenied</Code></Error>';
  answer = { status: 200, body: `<DeleteResult>${missing}</DeleteResult>` };
  await expect(store.remove(['a'])).resolves.toBeUndefined();
  answer = { status: 200, body: `<DeleteResult>${missing}${refused}</DeleteResult>` };
  const failure = await failureOf(store.remove(['a', 'b']));
  expect(failure).toMatchObject({ code: 'location-forbidden', subject: 'b' });
});

test.each([
  ['ENOENT', 'read', 'object-missing'],
  ['ENOENT', 'write', 'location-unreachable'],
  ['EEXIST', 'write', 'precondition-failed'],
  ['EACCES', 'write', 'location-forbidden'],
  ['EROFS', 'write', 'location-forbidden'],
  ['ENOSPC', 'write', 'quota-exceeded'],
  ['EDQUOT', 'write', 'quota-exceeded'],
  ['EIO', 'read', 'location-unreachable'],
])('the error %s of a folder at a %s is %s', (word, action, code) => {
  const error = Object.assign(new Error('secret text'), { code: word });
  const failure = folderFailure(error, action, 'k');
  expect(failure).toMatchObject({ code, subject: 'k' });
  expect(failure.message).not.toContain('secret text');
});
