import { randomBytes } from 'node:crypto';

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';

/** A bucket with object lock on the S3 server of the test bed, of a test's own. */
export class LockedBucket {
  readonly name = `locked-${randomBytes(4).toString('hex')}`;
  readonly client = new S3Client({
    ...{ region: 'us-east-1', endpoint: process.env['S3_ENDPOINT'] ?? '', forcePathStyle: true },
  });

  static async make(): Promise<LockedBucket> {
    const bucket = new LockedBucket();
    const { name: Bucket, client } = bucket;
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    return bucket;
  }

  versions() {
    return this.client.send(new ListObjectVersionsCommand({ Bucket: this.name }));
  }

  /** Removes the bucket with all that it keeps, which the mode `GOVERNANCE` allows to the test bed's account. */
  async remove(): Promise<void> {
    const { name: Bucket, client } = this;
    const { Versions = [], DeleteMarkers = [] } = await this.versions();
    for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
      const one = { Bucket, Key, VersionId, BypassGovernanceRetention: true };
      await client.send(new DeleteObjectCommand(one));
    }
    await client.send(new DeleteBucketCommand({ Bucket }));
    client.destroy();
  }
}
