import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';

import { recordTime } from '../../domain/duration.ts';
import type { S3Location } from '../../domain/storage-location.ts';
import { s3Failure } from './errors.ts';
import type {
  ComposePiece,
  ObjectEntry,
  ObjectStore,
  ObjectVersion,
  ReadOptions,
  StoredObject,
  UnfinishedUpload,
  UploadOptions,
  WriteCondition,
} from './port.ts';
import { createS3Client, prefixOf, type S3Tuning } from './s3-client.ts';
import { composeParts } from './s3-compose.ts';
import {
  abortUploads,
  endUpload,
  pageOfUploads,
  putWhole,
  type S3Target,
  uploadParts,
} from './s3-multipart.ts';
import { writeSettings } from './s3-write-settings.ts';

/** Keys of one request to remove objects; the protocol's limit. */
const REMOVED_MAX = 1000;

/**
 * A storage location in a bucket. Credentials come from the AWS environment. Throws `location-forbidden` when the
 * certificate authority cannot be read.
 */
export function createS3Store(location: S3Location, tuning: S3Tuning = {}): ObjectStore {
  return new S3Store(createS3Client(location, tuning), location);
}

class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #location: S3Location;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(client: S3Client, location: S3Location) {
    this.#client = client;
    this.#location = location;
    this.#bucket = location.bucket;
    this.#prefix = prefixOf(location);
  }

  put(key: string, body: Uint8Array, condition?: WriteCondition): Promise<ObjectVersion> {
    return putWhole(this.#target(key), body, condition === undefined ? {} : { condition });
  }

  upload(
    key: string,
    body: AsyncIterable<Uint8Array>,
    options: UploadOptions = {},
  ): Promise<ObjectVersion> {
    return uploadParts(this.#target(key), body, options);
  }

  compose(
    key: string,
    pieces: readonly ComposePiece[],
    options: UploadOptions = {},
  ): Promise<ObjectVersion> {
    return composeParts(this.#target(key), { store: this, pieces, prefix: this.#prefix }, options);
  }

  async get(key: string, options: ReadOptions = {}): Promise<StoredObject> {
    const { range, version, signal } = options;
    try {
      const answer = await this.#client.send(
        new GetObjectCommand({
          ...this.#at(key),
          ...(range === undefined ? {} : { Range: rangeHeader(range) }),
          ...(version === undefined ? {} : { IfMatch: version }),
        }),
        signal === undefined ? {} : { abortSignal: signal },
      );
      // In Node the body is a stream of buffers; the SDK's type covers browsers too.
      const body = answer.Body as AsyncIterable<Uint8Array>;
      return {
        key,
        sizeBytes: answer.ContentLength ?? 0,
        version: answer.ETag ?? '',
        body: translated(body, key),
      };
    } catch (error) {
      signal?.throwIfAborted();
      throw s3Failure(error, 'read', key);
    }
  }

  async head(key: string): Promise<ObjectEntry | undefined> {
    try {
      const answer = await this.#client.send(new HeadObjectCommand(this.#at(key)));
      const { ContentLength = 0, ETag = '', ObjectLockRetainUntilDate: lockedUntil } = answer;
      const lock = lockedUntil === undefined ? {} : { lockedUntil: recordTime(+lockedUntil) };
      return { key, sizeBytes: ContentLength, version: ETag, ...lock };
    } catch (error) {
      const failure = s3Failure(error, 'look at', key);
      if (failure.code === 'object-missing') {
        return undefined;
      }
      throw failure;
    }
  }

  async *list(prefix: string, after?: string): AsyncGenerator<readonly ObjectEntry[]> {
    for await (const page of this.#pages(prefix, { after })) {
      yield (page.Contents ?? []).map(({ Key = '', Size = 0, ETag = '', LastModified }) => ({
        key: Key.slice(this.#prefix.length),
        sizeBytes: Size,
        version: ETag,
        ...(LastModified === undefined ? {} : { modified: recordTime(+LastModified) }),
      }));
    }
  }

  async *listFolders(prefix: string, after?: string): AsyncGenerator<readonly string[]> {
    const cut = this.#prefix.length + prefix.length;
    for await (const page of this.#pages(prefix, { after, delimiter: '/' })) {
      yield (page.CommonPrefixes ?? []).map((folder) => (folder.Prefix ?? '').slice(cut));
    }
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let first = 0; first < keys.length; first += REMOVED_MAX) {
      const some = keys.slice(first, first + REMOVED_MAX);
      const Objects = some.map((key) => ({ Key: `${this.#prefix}${key}` }));
      try {
        const answer = await this.#client.send(
          new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }),
        );
        // Some servers list what was not there as an error.
        const refused = answer.Errors?.find(({ Code }) => Code !== 'NoSuchKey');
        if (refused !== undefined) {
          const key = refused.Key?.slice(this.#prefix.length) ?? '';
          throw s3Failure({ name: refused.Code }, 'remove', key);
        }
      } catch (error) {
        throw s3Failure(error, 'remove', some[0] ?? '');
      }
    }
  }

  abortUploads(prefix: string): Promise<void> {
    return abortUploads(this.#target(prefix));
  }

  async listUploads(prefix: string): Promise<UnfinishedUpload[]> {
    try {
      const { Uploads = [] } = await pageOfUploads(this.#target(prefix));
      return Uploads.map(({ Key = '', UploadId = '', Initiated = new Date(0) }) => ({
        key: Key.slice(this.#prefix.length),
        uploadId: UploadId,
        since: recordTime(+Initiated),
      }));
    } catch (error) {
      throw s3Failure(error, 'list the uploads under', prefix);
    }
  }

  async endUploads(uploads: readonly UnfinishedUpload[]): Promise<void> {
    for (const { key, uploadId } of uploads) {
      await endUpload(this.#target(key), uploadId);
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async *#pages(
    prefix: string,
    { after, delimiter }: { after: string | undefined; delimiter?: string },
  ) {
    let token: string | undefined;
    do {
      try {
        const page = await this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: `${this.#prefix}${prefix}`,
            ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
            ...(after === undefined ? {} : { StartAfter: `${this.#prefix}${after}` }),
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        );
        token = page.NextContinuationToken;
        yield page;
      } catch (error) {
        throw s3Failure(error, 'list', prefix);
      }
    } while (token !== undefined);
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${key}` };
  }

  #target(key: string): S3Target {
    const settings = writeSettings(this.#location, key);
    return { client: this.#client, key, at: this.#at(key), settings };
  }
}

function rangeHeader({ offset, length }: { offset: number; length: number }): string {
  return `bytes=${String(offset)}-${String(offset + length - 1)}`;
}

async function* translated(
  body: AsyncIterable<Uint8Array>,
  key: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw s3Failure(error, 'read', key);
  }
}
