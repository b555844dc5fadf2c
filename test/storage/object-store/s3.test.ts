import { randomBytes } from 'node:crypto';

import { expect, test } from 'vitest';

import { createS3Store } from '../../../storage/object-store/s3.ts';
import { objectStoreSuite } from '../../conformance/object-store.ts';

function open(changes: { endpoint?: string; bucket?: string } = {}) {
  return createS3Store({
    name: 'default',
    provider: 's3',
    bucket: process.env['S3_BUCKET'] ?? 'holdfast',
    prefix: `conformance/${randomBytes(4).toString('hex')}`,
    region: 'us-east-1',
    isPathStyle: true,
    endpoint: process.env['S3_ENDPOINT'] ?? '',
    ...changes,
  });
}

objectStoreSuite('a bucket', () => Promise.resolve(open()));

test('a server that is not there is worth another attempt, and a bucket that is not there is not', async () => {
  const away = open({ endpoint: 'http://127.0.0.1:9' });
  await expect(away.put('k', Buffer.from('x'))).rejects.toMatchObject({
    code: 'location-unreachable',
  });
  const missing = open({ bucket: 'no-such-bucket-here' });
  await expect(missing.get('k')).rejects.toMatchObject({ code: 'location-forbidden' });
});
