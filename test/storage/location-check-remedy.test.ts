import { expect, test } from 'vitest';

import type { S3Location } from '../../domain/storage-location.ts';
import { checkLocation } from '../../storage/location-check.ts';
import { startS3Front } from '../support/s3-front.ts';

// Goal: a setting of a location that its bucket refuses is named. Method: a front before the S3 server of the test bed gives
// the answers of S3 to requests with the header of the setting.

const BED = process.env['S3_ENDPOINT'] ?? '';
const LOCATION: S3Location = {
  ...{ name: 'default', provider: 's3', bucket: process.env['S3_BUCKET'] ?? 'holdfast' },
  ...{ prefix: 'tests/remedies', region: 'us-east-1', isPathStyle: true },
};

/** Settings that a bucket refuses, told by a header, and what is said of them. */
const REFUSED_SETTINGS: readonly {
  readonly settings: Partial<S3Location>;
  readonly header: string;
  readonly status?: number;
  readonly code: string;
  readonly says: string;
}[] = [
  {
    ...{ settings: { storageClass: 'CHEAP' }, header: 'x-amz-storage-class' },
    ...{ code: 'InvalidStorageClass', says: 'check storageClass of the location' },
  },
  {
    settings: { serverSideEncryption: 'aws:kms', kmsKeyId: 'alias/gone' } as const,
    header: 'x-amz-server-side-encryption-aws-kms-key-id',
    ...{ code: 'KMS.NotFoundException', says: 'check kmsKeyId of the location' },
  },
  {
    ...{ settings: { storageClass: 'CHEAP' }, header: 'x-amz-storage-class' },
    ...{ code: 'InvalidRequest', says: 'check whether bucket and server know storageClass' },
  },
  {
    ...{ settings: { serverSideEncryption: 'aws:kms' } as const, status: 403 },
    ...{ header: 'x-amz-server-side-encryption', code: 'AccessDenied' },
    says: 'and kms:GenerateDataKey and kms:Decrypt of the key',
  },
];

test.each(REFUSED_SETTINGS)('a bucket that answers $code is named by the setting', async (one) => {
  const { settings, header, code, says, status = 400 } = one;
  const front = await startS3Front(BED, {
    answer: ({ headers }) =>
      header in headers ? { status, body: `<Error><Code>${code}</Code></Error>` } : undefined,
  });
  const endpoint = `http://127.0.0.1:${String(front.port)}`;
  const checks = await checkLocation({ ...LOCATION, endpoint, ...settings });
  front.stop();
  expect(checks.filter(({ result }) => result === 'failed').map(({ name }) => name)).toEqual([
    'put',
  ]);
  expect(checks[0]?.failure).toMatchObject({
    code: 'location-forbidden',
    message: expect.stringContaining(says) as string,
  });
});
