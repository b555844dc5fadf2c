import { randomBytes } from 'node:crypto';

import { afterEach, expect, onTestFinished, test, vi } from 'vitest';

import { Failure } from '../../../domain/failure.ts';
import type { S3CredentialsReference } from '../../../domain/s3-options.ts';
import type { S3Location } from '../../../domain/storage-location.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import {
  secretCredentials,
  type SecretReader,
} from '../../../storage/object-store/secret-credentials.ts';

// Goal: a location with a Secret works with what is in it now, whatever the AWS environment says, and a Secret that cannot be
// used says why. Method: Secrets in memory, the S3 server of the test bed, and a clock that is moved.

const ID = process.env['AWS_ACCESS_KEY_ID'] ?? '';
const KEY = process.env['AWS_SECRET_ACCESS_KEY'] ?? '';
const MINUTE_MS = 60_000;

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** A cluster with one Secret, which may change. */
function cluster(secret: { data?: Readonly<Record<string, string>>; failure?: Failure }) {
  let reads = 0;
  const read: SecretReader = (name) => {
    reads += 1;
    if (secret.failure !== undefined) {
      return Promise.reject(secret.failure);
    }
    const { data } = secret;
    const bytes = Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text)]);
    const found = name === 'vault' && data !== undefined;
    return Promise.resolve(
      found ? (Object.fromEntries(bytes) as Record<string, Uint8Array>) : undefined,
    );
  };
  return { read, reads: () => reads };
}

function openWith(credentials: S3CredentialsReference, read?: SecretReader) {
  const location: S3Location = {
    ...{ name: 'default', provider: 's3', bucket: process.env['S3_BUCKET'] ?? 'holdfast' },
    ...{ prefix: `tests/secrets/${randomBytes(4).toString('hex')}`, region: 'us-east-1' },
    ...{ isPathStyle: true, endpoint: process.env['S3_ENDPOINT'] ?? '', credentials },
  };
  const store = openObjectStore(location, read);
  onTestFinished(() => {
    store.close();
  });
  return store;
}

const FILE = `; of two accounts
[other]
aws_access_key_id=nobody
aws_secret_access_key=nothing

[default]
aws_access_key_id = ${ID}
aws_secret_access_key = ${KEY}
`;
const REFERENCE = { secretName: 'vault' };
const BY_KEYS = { AWS_ACCESS_KEY_ID: ID, AWS_SECRET_ACCESS_KEY: `${KEY}\n` };

test.each([
  ['the keys of AWS', REFERENCE, BY_KEYS],
  ["Velero's file", REFERENCE, { cloud: FILE }],
  ['a file under a key of its own', { ...REFERENCE, key: 'file' }, { ...BY_KEYS, file: FILE }],
  [
    ...(['a profile', { ...REFERENCE, profile: 'other' }] as const),
    {
      cloud: FILE.replace('[default]', '[old]')
        .replace('[other]', '[x]')
        .replace('[old]', '[other]'),
    },
  ],
])('a bucket is opened with %s, and not with the AWS environment', async (_, reference, data) => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'nobody');
  const store = openWith(reference, cluster({ data }).read);
  await store.put('k', Buffer.from('x'));
  await store.remove(['k']);
});

test('a session token is sent where there is one', async () => {
  const data = { ...BY_KEYS, AWS_SESSION_TOKEN: 'token' };
  expect(await secretCredentials(REFERENCE, cluster({ data }).read)()).toEqual({
    ...{ accessKeyId: ID, secretAccessKey: KEY, sessionToken: 'token' },
  });
  const file = { cloud: `${FILE}aws_session_token = other\n` };
  expect(await secretCredentials(REFERENCE, cluster({ data: file }).read)()).toMatchObject({
    sessionToken: 'other',
  });
});

test('a Secret that was changed is used within a minute, by a store that is open', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const secret: { data?: Record<string, string> } = { data: BY_KEYS };
  const { read, reads } = cluster(secret);
  const store = openWith(REFERENCE, read);
  await Promise.all([store.put('a', Buffer.from('x')), store.put('b', Buffer.from('x'))]);
  expect(reads()).toBe(1);
  secret.data = { ...BY_KEYS, AWS_SECRET_ACCESS_KEY: 'revoked' };
  await store.remove(['a']);
  vi.advanceTimersByTime(MINUTE_MS);
  await expect(store.remove(['b'])).rejects.toMatchObject({ code: 'location-forbidden' });
  secret.data = BY_KEYS;
  vi.advanceTimersByTime(MINUTE_MS);
  await store.remove(['b']);
});

test('what was read is used on while the cluster does not answer', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const secret: { data?: Record<string, string>; failure?: Failure } = { data: BY_KEYS };
  const credentials = secretCredentials(REFERENCE, cluster(secret).read);
  const first = await credentials();
  vi.advanceTimersByTime(MINUTE_MS);
  secret.failure = new Failure('cluster-unreachable', 'away');
  expect(await credentials()).toEqual(first);
  secret.failure = new Failure('cluster-forbidden', 'not yours');
  await expect(credentials()).rejects.toBe(secret.failure);
});

test.each([
  ['is not there; create it, or correct credentials.secretName', REFERENCE, undefined],
  ['has neither AWS_ACCESS_KEY_ID nor the key cloud', REFERENCE, {}],
  ['needs both AWS_ACCESS_KEY_ID and AWS_SECRET', REFERENCE, { AWS_ACCESS_KEY_ID: 'me' }],
  ['nor the key file; add what is missing', { ...REFERENCE, key: 'file' }, { cloud: FILE }],
  ['in its key cloud no profile prod', { ...REFERENCE, profile: 'prod' }, { cloud: FILE }],
])('a Secret is refused by name: %s', async (message, reference, data) => {
  const store = openWith(reference, cluster(data === undefined ? {} : { data }).read);
  const failure = await store.put('k', Buffer.from('x')).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'location-forbidden', subject: 'secrets/vault' });
  expect(failure).toHaveProperty('message', expect.stringContaining(message));
  expect(failure).toHaveProperty('message', expect.stringContaining('the Secret vault'));
});

test('a process without a cluster says that it cannot read the Secret', async () => {
  await expect(openWith(REFERENCE).head('k')).rejects.toMatchObject({
    code: 'location-forbidden',
    message: expect.stringContaining('cannot be read by this process') as string,
  });
});
