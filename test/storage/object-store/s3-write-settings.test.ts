import { randomBytes } from 'node:crypto';

import { expect, onTestFinished, test } from 'vitest';

import { backupKeys, planKey, tombstoneKey } from '../../../domain/object-key.ts';
import type { S3Location } from '../../../domain/storage-location.ts';
import { createS3Store } from '../../../storage/object-store/s3.ts';
import { startS3Front } from '../../support/s3-front.ts';

// Goal: each object is asked for with the settings of its location, however it is written. Method: a front before the S3
// server of the test bed notes the headers; requests that ask for a key of a KMS, which the server does not have, are
// answered by the front.

const KEYS = backupKeys('nightly');
const MIB = 1024 * 1024;

async function openWith(settings: Partial<S3Location>, isAnswered = false) {
  const answers: Record<string, string> = {
    POST: '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
    PUT: '',
  };
  const front = await startS3Front(process.env['S3_ENDPOINT'] ?? '', {
    answer: ({ method }) =>
      isAnswered && method in answers ? { status: 200, body: answers[method] ?? '' } : undefined,
  });
  const store = createS3Store({
    ...{ name: 'default', provider: 's3', bucket: process.env['S3_BUCKET'] ?? 'holdfast' },
    ...{ prefix: `tests/settings/${randomBytes(4).toString('hex')}`, region: 'us-east-1' },
    ...{ isPathStyle: true, endpoint: `http://127.0.0.1:${String(front.port)}`, ...settings },
  });
  onTestFinished(() => {
    store.close();
    front.stop();
  });
  /** The headers of the requests that begin an object, by how they do it. */
  const asked = () =>
    front.seen
      .filter(({ method, path }) =>
        method === 'POST' ? path.includes('uploads') : !path.includes('partNumber'),
      )
      .filter(({ method }) => method === 'PUT' || method === 'POST')
      .map(({ headers }) =>
        Object.fromEntries(
          Object.entries(headers).filter(([name]) =>
            /^x-amz-(server-side|storage|object-lock)/.test(name),
          ),
        ),
      );
  /** Whether each request that sends bytes has a digest of them. */
  const digests = () =>
    front.seen
      .filter(({ method }) => method === 'PUT')
      .map(({ headers }) => headers['content-md5'] !== undefined);
  return { store, asked, digests };
}

async function* large(): AsyncGenerator<Uint8Array> {
  for (let chunk = 0; chunk < 9; chunk++) {
    yield await Promise.resolve(Buffer.alloc(MIB, chunk));
  }
}

test('what a backup keeps has the storage class, whether written whole, in parts or by copies', async () => {
  const { store, asked } = await openWith({ storageClass: 'STANDARD_IA' });
  const object = { kind: 'object', key: KEYS.logs, sizeBytes: 9 * MIB } as const;
  await store.put(KEYS.record, Buffer.from('{}'));
  await store.upload(KEYS.index, (async function* () {})());
  await store.upload(KEYS.logs, large());
  await store.compose(KEYS.archive, [object, object]);
  const classes = asked().map((headers) => headers['x-amz-storage-class']);
  expect(classes).toEqual(Array(4).fill('STANDARD_IA'));
  await store.remove([KEYS.record, KEYS.index, KEYS.logs, KEYS.archive]);
});

test('what changes or goes soon has the class of the server', async () => {
  const { store, asked } = await openWith({ storageClass: 'STANDARD_IA' });
  const keys = [KEYS.claim, planKey(KEYS.folder, 'uid'), tombstoneKey('nightly')];
  for (const key of keys) {
    await store.put(key, Buffer.from('{}'));
  }
  expect(asked()).toEqual([{}, {}, {}]);
  await store.remove(keys);
});

test('encryption by a key is asked for with every object', async () => {
  const settings = { serverSideEncryption: 'aws:kms', kmsKeyId: 'alias/holdfast' } as const;
  const { store, asked } = await openWith(settings, true);
  await store.put(KEYS.claim, Buffer.from('{}'));
  await store.upload(KEYS.archive, large()).catch(() => undefined);
  const headers = {
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': 'alias/holdfast',
  };
  expect(asked()).toEqual([headers, headers]);
});

test('encryption by the server is asked for, and done', async () => {
  const { store, asked } = await openWith({ serverSideEncryption: 'AES256' });
  await store.put(KEYS.record, Buffer.from('{}'));
  expect(asked()).toEqual([{ 'x-amz-server-side-encryption': 'AES256' }]);
  await store.remove([KEYS.record]);
});

test('a lock is asked for with the digest that S3 wants then, of parts too', async () => {
  const objectLock = { mode: 'COMPLIANCE', period: '1h' } as const;
  const { store, asked, digests } = await openWith({ objectLock }, true);
  await store.put(KEYS.record, Buffer.from('{}'));
  await store.upload(KEYS.archive, large()).catch(() => undefined);
  const headers = {
    'x-amz-object-lock-mode': 'COMPLIANCE',
    'x-amz-object-lock-retain-until-date': expect.stringMatching(/^\d{4}-/) as string,
  };
  expect(asked()).toEqual([headers, headers]);
  expect(digests()).toEqual([true, true, true]);
});
