import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectLockConfigurationCommand,
  ListObjectsV2Command,
  NoSuchBucket,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

import type { S3Location } from '../../domain/storage-location.ts';
import { s3Failure } from './errors.ts';
import { createS3Client, prefixOf, type S3Tuning } from './s3-client.ts';
import { writeSettings } from './s3-write-settings.ts';

/** What a check of a bucket asks for beside the operations of its store. */
export class S3Probe {
  /** Sends the checksums that the SDK chooses. */
  readonly #client: S3Client;
  readonly #location: S3Location;

  constructor(location: S3Location, tuning: S3Tuning) {
    this.#location = location;
    this.#client = createS3Client(location, { ...tuning, checksums: 'WHEN_SUPPORTED' });
  }

  /** Throws `location-forbidden` if there is no bucket: some servers make one for the first object. */
  async requireBucket(): Promise<void> {
    const command = new ListObjectsV2Command({ Bucket: this.#location.bucket, MaxKeys: 1 });
    try {
      await this.#client.send(command);
    } catch (error) {
      // That it cannot be listed is another operation's failure.
      if (error instanceof NoSuchBucket) {
        throw s3Failure(error, 'write', '');
      }
    }
  }

  /** Whether the location asks for a lock. */
  get isLocking(): boolean {
    return this.#location.objectLock !== undefined;
  }

  /** Throws `location-forbidden` if the bucket locks nothing. */
  async requireObjectLock(): Promise<void> {
    const command = new GetObjectLockConfigurationCommand({ Bucket: this.#location.bucket });
    try {
      const { ObjectLockConfiguration } = await this.#client.send(command);
      if (ObjectLockConfiguration?.ObjectLockEnabled !== 'Enabled') {
        throw s3Failure({ name: 'ObjectLockConfigurationNotFoundError' }, 'lock objects in', '');
      }
    } catch (error) {
      throw s3Failure(error, 'lock objects in', '');
    }
  }

  /** Stores an object with a checksum of the newer kind. */
  async putWithChecksum(key: string, body: Uint8Array): Promise<void> {
    try {
      await this.#client.send(new PutObjectCommand({ ...this.#begun(key), Body: body }));
    } catch (error) {
      throw s3Failure(error, 'write', key);
    }
  }

  /** Begins an upload and leaves it at that. Answers its id. */
  async beginUpload(key: string): Promise<string | undefined> {
    try {
      const command = new CreateMultipartUploadCommand(this.#begun(key));
      return (await this.#client.send(command)).UploadId;
    } catch (error) {
      throw s3Failure(error, 'write', key);
    }
  }

  async abortUpload(key: string, UploadId: string | undefined): Promise<void> {
    await this.#client.send(new AbortMultipartUploadCommand({ ...this.#at(key), UploadId }));
  }

  /**
   * How far the clock of the server is ahead, in milliseconds, with an error of up to a second; undefined if it does not
   * say. A refusal tells the time too.
   */
  async clockOffsetMs(prefix: string): Promise<number | undefined> {
    let date: string | undefined;
    const command = new ListObjectsV2Command({
      Bucket: this.#location.bucket,
      Prefix: `${prefixOf(this.#location)}${prefix}`,
      MaxKeys: 1,
    });
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        date = dateOf(result.response);
        return result;
      },
      { step: 'deserialize', priority: 'low' },
    );
    const before = Date.now();
    try {
      await this.#client.send(command);
    } catch (error) {
      if (date === undefined) {
        throw s3Failure(error, 'list', prefix);
      }
    }
    const middle = (before + Date.now()) / 2;
    // The header has whole seconds, the middle of which is the best guess.
    const offset = Date.parse(date ?? '') + 500 - middle;
    return Number.isNaN(offset) ? undefined : offset;
  }

  close(): void {
    this.#client.destroy();
  }

  #begun(key: string) {
    return { ...this.#at(key), ...writeSettings(this.#location, key) };
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#location.bucket, Key: `${prefixOf(this.#location)}${key}` };
  }
}

/** The header of an answer, whose type the SDK leaves open. */
function dateOf(response: unknown): string | undefined {
  const headers =
    typeof response === 'object' && response !== null && 'headers' in response
      ? response.headers
      : undefined;
  const date =
    typeof headers === 'object' && headers !== null && 'date' in headers ? headers.date : undefined;
  return typeof date === 'string' ? date : undefined;
}
