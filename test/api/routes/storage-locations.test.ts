import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem } from '../../../domain/api-resource.ts';
import type {
  StorageLocationResource,
  StorageLocationResourceList,
} from '../../../domain/locations/api-location.ts';
import { apiWithoutTemporal } from '../../support/api-without-temporal.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';

// Goal: locations are shown without credentials, and a check tells what fails with a 200. Method: an API over a folder
// and a bucket whose server stands behind a proxy; Temporal is not there.

const BASE = '/api/v1/storage-locations';
const BUCKET = process.env['S3_BUCKET'] ?? 'holdfast';
let app: FastifyInstance;
let proxy: FaultProxy;
let path: string;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  path = await mkdtemp(join(tmpdir(), 'holdfast-locations-'));
  const at = { provider: 's3', bucket: BUCKET, region: 'us-east-1', isPathStyle: true } as const;
  app = await apiWithoutTemporal([
    {
      ...at,
      name: 'vault',
      prefix: '',
      endpoint: 'https://me:secret@s3.example/x',
      proxyUrl: 'http://me:secret@proxy.example:3128',
    },
    { name: 'default', provider: 'folder', path, uploadBytesPerSecond: 2048 },
    { ...at, name: 'bucket', prefix: `tests/check-${String(process.pid)}`, endpoint: proxy.url },
  ]);
});

afterAll(async () => {
  await app.close();
  proxy.stop();
});

async function check(name: string): Promise<StorageLocationResource['status']> {
  const answer = await app.inject({ method: 'POST', url: `${BASE}/${name}:check` });
  expect(answer.statusCode).toBe(200);
  return answer.json<StorageLocationResource>().status;
}

test('locations are listed by name, as they are configured, without credentials', async () => {
  const answer = await app.inject({ method: 'GET', url: BASE });
  const { items } = answer.json<StorageLocationResourceList>();
  expect(items.map(({ metadata, spec }) => [metadata.name, spec])).toEqual([
    ['bucket', expect.objectContaining({ endpoint: proxy.url, isDefault: false })],
    ['default', { provider: 'folder', path, uploadBytesPerSecond: 2048, isDefault: true }],
    [
      'vault',
      {
        ...{ provider: 's3', bucket: BUCKET, prefix: '', region: 'us-east-1', isPathStyle: true },
        ...{
          endpoint: 'https://s3.example/x',
          proxyUrl: 'http://proxy.example:3128',
          isDefault: false,
        },
      },
    ],
  ]);
  expect(answer.body).not.toContain('secret');
});

test('one location is shown, and has no status without a check', async () => {
  const answer = await app.inject({ method: 'GET', url: `${BASE}/default` });
  expect(answer.json()).toEqual({
    ...{
      apiVersion: 'holdfast.dev/v1',
      kind: 'StorageLocation',
      metadata: { name: 'default', origin: 'Configuration' },
    },
    spec: { provider: 'folder', path, uploadBytesPerSecond: 2048, isDefault: true },
  });
});

test.each([
  ['GET', '/elsewhere', '404 not-found'],
  ['POST', '/elsewhere:check', '404 not-found'],
  ['GET', '/Else', '400 invalid-name'],
  ['POST', '/default:check?location=bucket', '400 unknown-field'],
] as const)('%s %s is refused', async (method, url, problem) => {
  const answer = await app.inject({ method, url: `${BASE}${url}` });
  expect(`${String(answer.statusCode)} ${answer.json<Problem>().code}`).toBe(problem);
});

test('a folder that works is available', async () => {
  expect(await check('default')).toMatchObject({ phase: 'Available' });
});

test('an operation that fails is told with its remedy, to all who ask meanwhile', async () => {
  const matches = (): boolean => true;
  proxy.faults = [{ method: 'HEAD', matches, effect: 'forbid' }];
  const [status, same] = await Promise.all([check('bucket'), check('bucket')]);
  expect(status).toMatchObject({ phase: 'Unavailable' });
  expect(status?.checks.filter(({ result }) => result === 'failed')).toEqual([
    {
      ...{ name: 'head', result: 'failed' },
      failure: {
        ...{ code: 'location-forbidden', subject: expect.any(String) as string },
        message: expect.stringContaining('the credentials need s3:GetObject') as string,
      },
    },
  ]);
  expect(same).toEqual(status);

  proxy.faults = [];
  expect(await check('bucket')).toMatchObject({ phase: 'Available' });
});
