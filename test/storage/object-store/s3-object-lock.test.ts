import { randomBytes } from 'node:crypto';

import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { backupKeys, planKey, tombstoneKey } from '../../../domain/object-key.ts';
import type { S3Location } from '../../../domain/storage-location.ts';
import { checkLocation } from '../../../storage/location-check.ts';
import { requireUnlocked } from '../../../storage/object-lock.ts';
import { readAll } from '../../../storage/object-store/read-all.ts';
import { createS3Store } from '../../../storage/object-store/s3.ts';
import { LockedBucket } from '../../support/locked-bucket.ts';

// Goal: what a backup keeps cannot be removed before its time, however it was written, and everything else can. Method: a
// bucket with object lock on the S3 server of the test bed; the server itself is asked to remove a version.

const KEYS = backupKeys('nightly');
const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
let bucket: LockedBucket;

beforeAll(async () => {
  bucket = await LockedBucket.make();
});

afterAll(() => bucket.remove());

function locationWith(period: string): S3Location {
  return {
    ...{
      name: 'default',
      provider: 's3',
      bucket: bucket.name,
      region: 'us-east-1',
      isPathStyle: true,
    },
    ...{ prefix: randomBytes(4).toString('hex'), endpoint: process.env['S3_ENDPOINT'] ?? '' },
    objectLock: { mode: 'GOVERNANCE', period },
  };
}

function openWith(period: string) {
  const store = createS3Store(locationWith(period));
  onTestFinished(() => {
    store.close();
  });
  return store;
}

async function* large(): AsyncGenerator<Uint8Array> {
  for (let chunk = 0; chunk < 9; chunk++) {
    yield await Promise.resolve(Buffer.alloc(MIB, chunk));
  }
}

test('what a backup keeps is locked for its time, whether written whole, in parts or by copies', async () => {
  const store = openWith('1h');
  const object = { kind: 'object', key: KEYS.logs, sizeBytes: 9 * MIB } as const;
  const earliestMs = Date.now() + HOUR_MS - 1000;
  await store.upload(KEYS.logs, large());
  await store.compose(KEYS.archive, [object, object]);
  await store.put(KEYS.record, Buffer.from('{}'), { isNew: true });
  for (const key of [KEYS.logs, KEYS.archive, KEYS.record]) {
    const until = Date.parse((await store.head(key))?.lockedUntil ?? '');
    expect([key, until >= earliestMs, until <= Date.now() + HOUR_MS]).toEqual([key, true, true]);
  }
  const { Versions = [] } = await bucket.versions();
  const record = Versions.find(({ Key = '' }) => Key.endsWith(KEYS.record));
  const at = { Bucket: bucket.name, Key: record?.Key, VersionId: record?.VersionId };
  await expect(bucket.client.send(new DeleteObjectCommand(at))).rejects.toThrow();
  await expect(requireUnlocked(store, 'nightly')).rejects.toMatchObject({
    code: 'object-locked',
    message: expect.stringMatching(/until \d{4}-\d\d-\d\dT/) as string,
  });
});

test('a record is replaced while it is locked, as one that is extended', async () => {
  const store = openWith('1h');
  const version = await store.put(KEYS.record, Buffer.from('first'));
  await store.put(KEYS.record, Buffer.from('second'), { version });
  expect((await readAll(store, KEYS.record)).toString()).toBe('second');
});

test('what changes or goes soon is not locked', async () => {
  const store = openWith('1h');
  for (const key of [KEYS.claim, planKey(KEYS.folder, 'uid'), tombstoneKey('nightly')]) {
    await store.put(key, Buffer.from('{}'));
    expect(await store.head(key)).toMatchObject({ key, sizeBytes: 2 });
    expect(await store.head(key)).not.toHaveProperty('lockedUntil');
  }
});

test('a backup may be deleted when its time is over, and one without a record at any time', async () => {
  const store = openWith('1s');
  await requireUnlocked(store, 'nightly');
  await store.put(KEYS.record, Buffer.from('{}'));
  await expect
    .poll(() =>
      requireUnlocked(store, 'nightly').then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
});

test.each([
  ['that locks is ok', undefined, { result: 'ok' }],
  [
    ...(['that locks nothing is named', process.env['S3_BUCKET'] ?? 'holdfast'] as const),
    {
      result: 'failed',
      failure: {
        code: 'location-forbidden',
        message: expect.stringContaining('enable object lock of the bucket') as string,
      },
    },
  ],
])('a bucket %s', async (_, name, expected) => {
  const location = { ...locationWith('1h'), bucket: name ?? bucket.name };
  const checks = await checkLocation(location);
  expect(checks.find(({ name }) => name === 'object-lock')).toMatchObject(expected);
  expect(checks.filter(({ result, name }) => result !== 'ok' && name !== 'object-lock')).toEqual(
    [],
  );
});
