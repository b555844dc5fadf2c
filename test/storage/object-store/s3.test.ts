import { randomBytes } from 'node:crypto';

import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { expect, test } from 'vitest';

import type { S3Location } from '../../../domain/storage-location.ts';
import { createS3Store } from '../../../storage/object-store/s3.ts';
import { objectStoreSuite } from '../../conformance/object-store.ts';
import { startS3Front } from '../../support/s3-front.ts';

const BUCKET = process.env['S3_BUCKET'] ?? 'holdfast';
const ENDPOINT = process.env['S3_ENDPOINT'] ?? '';

function newPrefix(): string {
  return `conformance/a+b c/${randomBytes(4).toString('hex')}`;
}

function open(changes: Partial<S3Location> = {}) {
  return createS3Store({
    name: 'default',
    provider: 's3',
    bucket: BUCKET,
    prefix: newPrefix(),
    region: 'us-east-1',
    isPathStyle: true,
    endpoint: ENDPOINT,
    ...changes,
  });
}

/** The store, and the bucket seen from its side. */
function openWithBucket() {
  const prefix = newPrefix();
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: ENDPOINT,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const begin = async (key: string) => {
    const at = { Bucket: BUCKET, Key: `${prefix}/${key}` };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
    return { ...at, UploadId };
  };
  return {
    store: open({ prefix }),
    begin,
    leaveUpload: async (key: string) => {
      const upload = await begin(key);
      await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'a part' }));
    },
    unfinished: async () => {
      const { Uploads = [] } = await client.send(
        new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: `${prefix}/` }),
      );
      return Uploads.map(({ Key = '' }) => Key.slice(prefix.length + 1)).sort();
    },
  };
}

objectStoreSuite('a bucket', () => Promise.resolve(openWithBucket()));

test('ends more uploads than one listing holds', async () => {
  const { store, begin, unfinished } = openWithBucket();
  const keys = Array.from({ length: 1005 }, (_, index) => `many/${String(index)}`);
  await pLimit(16).map(keys, (key) => begin(key));
  expect(await unfinished()).toHaveLength(keys.length);
  await store.abortUploads('many/');
  expect(await unfinished()).toEqual([]);
});

test('names the source of a copy so that a server which reads + as a space finds it', async () => {
  const front = await startS3Front(ENDPOINT);
  const prefix = newPrefix();
  const store = open({ prefix, endpoint: `http://127.0.0.1:${String(front.port)}` });
  const key = 'j/1+1 = ü?#%20/part';
  const sizeBytes = 20 * 1024 * 1024;
  await store.put(key, Buffer.alloc(sizeBytes));
  await store.compose('j/all', [{ kind: 'object', key, sizeBytes }]);

  const sources = front.seen.flatMap(({ headers }) => headers['x-amz-copy-source'] ?? []);
  const read = sources.map((source) => decodeURIComponent(source.replaceAll('+', ' ')));
  expect(read).toEqual([`${BUCKET}/${prefix}/${key}`]);
  expect((await store.head('j/all'))?.sizeBytes).toBe(sizeBytes);
  await store.remove([key, 'j/all']);
  front.stop();
});

test('a server that is not there is worth another attempt, and a bucket that is not there is not', async () => {
  const away = open({ endpoint: 'http://127.0.0.1:9' });
  await expect(away.put('k', Buffer.from('x'))).rejects.toMatchObject({
    code: 'location-unreachable',
  });
  const missing = open({ bucket: 'no-such-bucket-here' });
  await expect(missing.get('k')).rejects.toMatchObject({ code: 'location-forbidden' });
});
