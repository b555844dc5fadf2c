import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';

import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { createS3Store } from '../../../storage/object-store/s3.ts';
import {
  type FrontOptions,
  type S3Front,
  type SeenRequest,
  startS3Front,
} from '../../support/s3-front.ts';

const MIB = 1024 * 1024;
const BUCKET = process.env['S3_BUCKET'] ?? 'holdfast';
const ENDPOINT = process.env['S3_ENDPOINT'] ?? '';
const REFUSED = { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' };

let front: S3Front;
let store: ObjectStore;
let prefix: string;

async function openBehindFront(answer: NonNullable<FrontOptions['answer']>): Promise<void> {
  front = await startS3Front(ENDPOINT, { answer });
  prefix = `conformance/${randomBytes(4).toString('hex')}`;
  store = createS3Store({
    name: 'default',
    provider: 's3',
    bucket: BUCKET,
    prefix,
    region: 'us-east-1',
    isPathStyle: true,
    endpoint: `http://127.0.0.1:${String(front.port)}`,
  });
}

afterEach(() => {
  store.close();
  front.stop();
});

function partNumber({ method, path }: SeenRequest): number | undefined {
  const query = new URL(path, ENDPOINT).searchParams.get('partNumber');
  return method === 'PUT' && query !== null ? Number(query) : undefined;
}

async function unfinishedUploads(): Promise<number> {
  const client = new S3Client({ region: 'us-east-1', endpoint: ENDPOINT, forcePathStyle: true });
  const page = await client.send(
    new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: prefix }),
  );
  return (page.Uploads ?? []).length;
}

/** A source that notes how much of it was taken, and whether it was let go. */
function source(size: number) {
  const state = { taken: 0, isClosed: false };
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (; state.taken < size; state.taken += MIB) {
        yield await Promise.resolve(Buffer.alloc(MIB));
      }
    } finally {
      state.isClosed = true;
    }
  }
  return { state, body: read() };
}

test('an upload that fails is ended when no part of it is under way any more', async () => {
  let underWay = 0;
  const underWayAtEnd: number[] = [];
  await openBehindFront(async (seen) => {
    if (seen.method === 'DELETE') {
      underWayAtEnd.push(underWay);
    }
    if (partNumber(seen) === 2) {
      return REFUSED;
    }
    if (partNumber(seen) !== undefined) {
      underWay += 1;
      await sleep(500);
      underWay -= 1;
    }
    return undefined;
  });
  const { body } = source(40 * MIB);
  await expect(store.upload('u', body)).rejects.toMatchObject({ code: 'location-forbidden' });
  expect(underWayAtEnd).toEqual([0]);
  expect(await unfinishedUploads()).toBe(0);
  expect(await store.head('u')).toBeUndefined();
});

test('an upload that fails early does not read the rest of its source, and lets it go', async () => {
  await openBehindFront((seen) => (partNumber(seen) === 1 ? REFUSED : undefined));
  const { body, state } = source(400 * MIB);
  await expect(store.upload('u', body)).rejects.toMatchObject({ code: 'location-forbidden' });
  expect(state.isClosed).toBe(true);
  expect(state.taken).toBeLessThan(100 * MIB);
  expect(await unfinishedUploads()).toBe(0);
});

test('an upload that is cancelled ends as cancelled and leaves no part', async () => {
  const controller = new AbortController();
  await openBehindFront((seen) => {
    if (partNumber(seen) === 2) {
      controller.abort(new Error('enough'));
    }
    return undefined;
  });
  const { body, state } = source(400 * MIB);
  const upload = store.upload('u', body, { signal: controller.signal });
  await expect(upload).rejects.toThrow('enough');
  expect(state.isClosed).toBe(true);
  expect(await unfinishedUploads()).toBe(0);
});

test('an upload that somebody else ended is worth another attempt', async () => {
  await openBehindFront(async (seen) => {
    if (partNumber(seen) === 2) {
      await store.abortUploads('');
    }
    return undefined;
  });
  const { body } = source(40 * MIB);
  await expect(store.upload('u', body)).rejects.toMatchObject({ code: 'location-unreachable' });
  expect(await unfinishedUploads()).toBe(0);
});
