import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  NoSuchUpload,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import pLimit from 'p-limit';

import { Failure } from '../../domain/failure.ts';
import { s3Failure } from './errors.ts';
import { digestOf, type WriteSettings } from './s3-write-settings.ts';
import type { ObjectVersion, UploadOptions, WriteCondition } from './port.ts';

/** An object that is to be written: where the SDK finds it, and its key for messages. */
export interface S3Target {
  readonly client: S3Client;
  readonly key: string;
  readonly at: { readonly Bucket: string; readonly Key: string };
  readonly settings: WriteSettings;
}

/** One part of a multipart upload, as the last request of it lists them. */
interface UploadedPart {
  readonly PartNumber: number;
  readonly ETag: string;
}

/** Sends one part and says under which ETag it is stored. */
export type SendPart = (part: { UploadId: string; PartNumber: number }) => Promise<string>;

/** Size of the first parts; grows so that 10,000 parts hold the largest object that S3 takes. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_PER_SIZE = 1000;
const PARTS_IN_FLIGHT = 3;
const ABORTS_IN_FLIGHT = 16;
/** Uploads of one listing; the protocol's limit. */
const LISTED_UPLOADS_MAX = 1000;
/** Listings that one call to end uploads asks for. */
const ABORT_ROUNDS_MAX = 100;

/** The headers that make a write conditional. */
function conditionHeaders(condition: WriteCondition | undefined): {
  IfNoneMatch?: string;
  IfMatch?: string;
} {
  if (condition?.isNew === true) {
    return { IfNoneMatch: '*' };
  }
  return condition?.version === undefined ? {} : { IfMatch: condition.version };
}

/** Stores a stream: in one request if it is short, else in parts. */
export async function uploadParts(
  target: S3Target,
  body: AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<ObjectVersion> {
  const parts = cutParts(body)[Symbol.asyncIterator]();
  const first = await parts.next();
  const second = await parts.next();
  if (second.done === true) {
    return putWhole(target, first.done === true ? Buffer.alloc(0) : first.value, options);
  }
  const firstPart = first.done === true ? [] : [first.value];
  try {
    return await inParts(target, options, async function* () {
      for (const bytes of [...firstPart, second.value]) {
        yield sendBytes(target, bytes);
      }
      for (let part = await parts.next(); part.done !== true; part = await parts.next()) {
        yield sendBytes(target, part.value);
      }
    });
  } finally {
    // What is not read to its end is let go, so that its source can close.
    await parts.return(undefined);
  }
}

/** Stores bytes in one request. */
export async function putWhole(
  { client, at, key, settings }: S3Target,
  bytes: Uint8Array,
  options: UploadOptions,
): Promise<ObjectVersion> {
  try {
    options.signal?.throwIfAborted();
    const command = new PutObjectCommand({
      ...{ ...at, ...settings },
      ...digestOf(settings, bytes),
      Body: bytes,
      ...conditionHeaders(options.condition),
    });
    return (await client.send(command)).ETag ?? '';
  } catch (error) {
    options.signal?.throwIfAborted();
    throw s3Failure(error, 'write', key);
  }
}

/** A part's request, to be sent when its turn comes. */
export function sendBytes({ client, at, settings }: S3Target, bytes: Uint8Array): SendPart {
  return async (part) => {
    const digest = digestOf(settings, bytes);
    const command = new UploadPartCommand({ ...at, ...part, ...digest, Body: bytes });
    return (await client.send(command)).ETag ?? '';
  };
}

/** Runs a multipart upload; whatever happens, none of its parts is left behind. */
export async function inParts(
  target: S3Target,
  { condition, signal }: UploadOptions,
  parts: () => AsyncIterable<SendPart>,
): Promise<ObjectVersion> {
  const { client, at, key, settings } = target;
  let UploadId: string | undefined;
  try {
    ({ UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, ...settings })));
    if (UploadId === undefined) {
      throw new Error('no upload id');
    }
    const Parts = await sendAll(parts(), UploadId, signal);
    const answer = await client.send(
      new CompleteMultipartUploadCommand({
        ...at,
        UploadId,
        MultipartUpload: { Parts },
        ...conditionHeaders(condition),
      }),
    );
    return answer.ETag ?? '';
  } catch (error) {
    if (UploadId !== undefined) {
      // The first failure is what counts; an upload that stays is found by the store's own expiry rules.
      await abortUpload(client, { ...at, UploadId }).catch(() => undefined);
    }
    signal?.throwIfAborted();
    throw s3Failure(error, 'write', key);
  }
}

/** Unfinished uploads whose key begins so, as many as one answer tells. Throws what the client does. */
export async function pageOfUploads({
  client,
  at,
}: Pick<S3Target, 'client' | 'at'>): Promise<ListMultipartUploadsCommandOutput> {
  return client.send(
    new ListMultipartUploadsCommand({
      ...{ Bucket: at.Bucket, Prefix: at.Key, MaxUploads: LISTED_UPLOADS_MAX },
    }),
  );
}

/** Ends one upload of a key. */
export async function endUpload(
  { client, key, at }: Omit<S3Target, 'settings'>,
  UploadId: string,
): Promise<void> {
  try {
    await abortUpload(client, { ...at, UploadId });
  } catch (error) {
    throw s3Failure(error, 'end an upload of', key);
  }
}

/** Ends every unfinished upload whose key begins so; `key` is the prefix for messages. */
export async function abortUploads({ client, key, at }: Omit<S3Target, 'settings'>): Promise<void> {
  const limit = pLimit(ABORTS_IN_FLIGHT);
  try {
    // Each round lists from the start: what it ended is gone, and not every server knows the markers of a next page.
    for (let round = 0; round < ABORT_ROUNDS_MAX; round++) {
      const page = await pageOfUploads({ client, at });
      await limit.map(page.Uploads ?? [], ({ Key, UploadId }) =>
        abortUpload(client, { Bucket: at.Bucket, Key, UploadId }),
      );
      if (page.IsTruncated !== true) {
        return;
      }
    }
  } catch (error) {
    throw s3Failure(error, 'end the uploads under', key);
  }
  const text = `the storage location still lists uploads under ${key} that were ended`;
  throw new Failure('location-unreachable', text, { subject: key });
}

/** Ends one upload; one that is not there counts as ended. */
async function abortUpload(
  client: S3Client,
  upload: { Bucket: string; Key: string | undefined; UploadId: string | undefined },
): Promise<void> {
  try {
    await client.send(new AbortMultipartUploadCommand(upload));
  } catch (error) {
    if (!(error instanceof NoSuchUpload)) {
      throw error;
    }
  }
}

async function sendAll(
  parts: AsyncIterable<SendPart>,
  UploadId: string,
  signal: AbortSignal | undefined,
): Promise<UploadedPart[]> {
  const limit = pLimit({ concurrency: PARTS_IN_FLIGHT, rejectOnClear: true });
  const sent: Promise<UploadedPart>[] = [];
  const failures: unknown[] = [];
  try {
    for await (const send of parts) {
      signal?.throwIfAborted();
      if (failures.length > 0) {
        throw failures[0];
      }
      const PartNumber = sent.length + 1;
      const part = limit(async () => ({ PartNumber, ETag: await send({ UploadId, PartNumber }) }));
      part.catch((error: unknown) => failures.push(error));
      sent.push(part);
      if (limit.pendingCount > 0) {
        await sent.at(-PARTS_IN_FLIGHT);
      }
    }
    return await Promise.all(sent);
  } catch (error) {
    // A part that lands after its upload was ended would stay: none is begun any more, those under way are awaited.
    limit.clearQueue();
    await Promise.allSettled(sent);
    throw error;
  }
}

async function* cutParts(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = [];
  let size = 0;
  let parts = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= PART_BYTES * 2 ** Math.floor(parts / PARTS_PER_SIZE)) {
      yield Buffer.concat(chunks);
      parts += 1;
      chunks = [];
      size = 0;
    }
  }
  if (size > 0) {
    yield Buffer.concat(chunks);
  }
}
