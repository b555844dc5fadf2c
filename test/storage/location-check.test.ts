import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';

import {
  type LocationCheck,
  type LocationCheckName,
  LOCATION_CHECKS,
  phaseOfChecks,
} from '../../domain/location-check.ts';
import type { S3Location } from '../../domain/storage-location.ts';
import { checkLocation } from '../../storage/location-check.ts';
import { createS3Store } from '../../storage/object-store/s3.ts';
import { type Fault, FaultProxy } from '../support/fault-proxy.ts';
import { VersityGateway } from '../support/versitygw.ts';

// Goal: each operation that a location refuses is named, and no other; nothing of a check stays. Method: the real
// servers, and a proxy before one of them that refuses one operation. What stays is looked for behind the proxy.

const BED = process.env['S3_ENDPOINT'] ?? '';
/** All but what only a location with a lock is asked for. */
const NAMES = (Object.keys(LOCATION_CHECKS) as LocationCheckName[]).filter(
  (name) => name !== 'object-lock',
);
const NO_LOCK = 'the location asks for no lock';
const LARGE: LocationCheckName[] = [
  ...(['multipart-upload', 'copy-part', 'abort-upload', 'conditional-completion'] as const),
];

function locationAt(endpoint: string, bucket = process.env['S3_BUCKET'] ?? 'holdfast'): S3Location {
  const prefix = `tests/check/${randomBytes(4).toString('hex')}`;
  const fixed = {
    name: 'default',
    provider: 's3',
    region: 'us-east-1',
    isPathStyle: true,
  } as const;
  return { ...fixed, bucket, prefix, endpoint };
}

/** Keys of objects and of uploads below the prefix of a location, as the server itself has them. */
async function leftIn({ bucket, prefix }: S3Location, endpoint: string): Promise<string[]> {
  const client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true });
  const at = { Bucket: bucket, Prefix: `${prefix}/` };
  const { Contents = [] } = await client.send(new ListObjectsV2Command(at));
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(at));
  client.destroy();
  return [...Contents, ...Uploads].map(({ Key = '' }) => Key);
}

function named(checks: readonly LocationCheck[], result: LocationCheck['result']): string[] {
  const one = checks.filter((check) => check.result === result && check.reason !== NO_LOCK);
  return one.map(({ name }) => name);
}

function expectAllOk(checks: readonly LocationCheck[]): void {
  expect(named(checks, 'ok')).toEqual(NAMES);
  expect(phaseOfChecks(checks)).toBe('Available');
  const clock = checks.find(({ name }) => name === 'clock');
  expect(Math.abs(clock?.offsetSeconds ?? Number.NaN)).toBeLessThan(30);
}

test('SeaweedFS passes, and nothing stays', async () => {
  const location = locationAt(BED);
  expectAllOk(await checkLocation(location));
  expect(await leftIn(location, BED)).toEqual([]);
});

test('versitygw passes, and nothing stays', { timeout: 600_000 }, async () => {
  const gateway = await VersityGateway.start();
  try {
    const location = locationAt(gateway.endpoint, gateway.bucket);
    expectAllOk(await checkLocation(location));
    expect(await leftIn(location, gateway.endpoint)).toEqual([]);
  } finally {
    await gateway.stop();
  }
});

interface Case {
  readonly what: string;
  readonly fault: Fault;
  readonly failed: LocationCheckName;
  readonly skipped?: readonly LocationCheckName[];
  /** What the message says. */
  readonly says: string;
  readonly code?: string;
  readonly phase?: string;
}

const forbid = 'forbid' as const;
const ignore = 'ignore-condition' as const;
const isObject = (path: string): boolean => path.includes('/metadata/holdfast/check/');

const CASES: Case[] = [
  {
    what: 'a write',
    fault: { method: 'PUT', matches: (path) => path.endsWith('/plain'), effect: forbid },
    failed: 'put',
    skipped: NAMES.filter((name) => name !== 'put' && name !== 'clock'),
    says: 's3:PutObject',
  },
  {
    what: 'a read',
    fault: {
      method: 'GET',
      matches: (path, { headers }) => isObject(path) && headers.range === undefined,
      effect: forbid,
    },
    failed: 'get',
    says: 's3:GetObject',
  },
  {
    what: 'a read of a part',
    fault: {
      method: 'GET',
      matches: (_, { headers }) => headers.range !== undefined,
      effect: forbid,
    },
    failed: 'range-get',
    says: 's3:GetObject',
  },
  {
    what: 'a look at an object',
    fault: { method: 'HEAD', matches: () => true, effect: forbid },
    failed: 'head',
    says: 's3:GetObject',
  },
  {
    what: 'a list',
    fault: {
      method: 'GET',
      matches: (_, { query }) => query.has('list-type') && !query.has('delimiter'),
      effect: forbid,
    },
    failed: 'list',
    says: 's3:ListBucket',
  },
  {
    what: 'a list of folders',
    fault: { method: 'GET', matches: (_, { query }) => query.has('delimiter'), effect: forbid },
    failed: 'list-folders',
    says: 's3:ListBucket',
  },
  {
    what: 'the begin of an upload in parts',
    fault: { method: 'POST', matches: (_, { query }) => query.has('uploads'), effect: forbid },
    failed: 'multipart-upload',
    skipped: LARGE.slice(1),
    says: 's3:PutObject',
  },
  {
    what: 'a part',
    fault: {
      method: 'PUT',
      matches: (path, { query }) => path.endsWith('/large') && query.has('partNumber'),
      effect: 'fail',
    },
    failed: 'multipart-upload',
    skipped: LARGE.slice(1),
    says: 'takes uploads in parts',
    code: 'location-unreachable',
  },
  {
    what: 'a copy',
    fault: {
      method: 'PUT',
      matches: (_, { headers }) => headers['x-amz-copy-source'] !== undefined,
      effect: forbid,
    },
    failed: 'copy-part',
    skipped: ['conditional-completion'],
    says: 's3:GetObject and s3:PutObject',
  },
  {
    what: 'a list of uploads',
    fault: { method: 'GET', matches: (_, { query }) => query.has('uploads'), effect: forbid },
    failed: 'abort-upload',
    skipped: ['conditional-completion'],
    says: 's3:ListBucketMultipartUploads',
  },
  {
    what: 'a write of what is new',
    fault: {
      method: 'PUT',
      matches: (_, { headers }) => headers['if-none-match'] !== undefined,
      effect: 'fail',
    },
    failed: 'if-none-match',
    says: 'need conditional writes',
    code: 'location-unreachable',
  },
  {
    what: 'a write over a version',
    fault: {
      method: 'PUT',
      matches: (_, { headers }) => headers['if-match'] !== undefined,
      effect: 'fail',
    },
    failed: 'if-match',
    says: 'need conditional writes',
    code: 'location-unreachable',
  },
  {
    what: 'a conditional end of an upload',
    fault: {
      method: 'POST',
      matches: (_, { headers }) => headers['if-none-match'] !== undefined,
      effect: 'fail',
    },
    failed: 'conditional-completion',
    says: 'need conditional writes',
    code: 'location-unreachable',
  },
  {
    what: 'an object with the checksum of the SDK',
    fault: {
      method: 'PUT',
      matches: (_, { headers }) => headers['x-amz-checksum-crc32'] !== undefined,
      effect: forbid,
    },
    failed: 'checksums-default',
    says: 's3:PutObject',
    phase: 'Available',
  },
  {
    what: 'an object with the checksums of the location',
    fault: {
      method: 'PUT',
      matches: (path) => path.endsWith('/checksums-configured'),
      effect: forbid,
    },
    failed: 'checksums-configured',
    says: 's3:PutObject',
  },
  ...(['if-none-match', 'if-match'] as const).map((header): Case => ({
    what: `no write, and takes no notice of ${header}`,
    fault: {
      method: 'PUT',
      matches: (_, { headers }) => headers[header] !== undefined,
      effect: ignore,
    },
    failed: header,
    says: 'the workflow id alone guards a name',
    code: 'condition-ignored',
    phase: 'Degraded',
  })),
  {
    what: 'no upload, and takes no notice of the condition at its end',
    fault: {
      method: 'POST',
      matches: (_, { headers }) => headers['if-none-match'] !== undefined,
      effect: ignore,
    },
    failed: 'conditional-completion',
    says: 'the workflow id alone guards a name',
    code: 'condition-ignored',
    phase: 'Degraded',
  },
  {
    what: 'nothing, and has another time',
    fault: { matches: () => true, effect: 'other-time' },
    failed: 'clock',
    says: 's behind that of the process; set the clocks',
    code: 'clock-differs',
    phase: 'Degraded',
  },
];

async function checkBehind(fault: Fault) {
  const proxy = await FaultProxy.start(BED);
  proxy.faults = [fault];
  const location = locationAt(proxy.url);
  const checks = await checkLocation(location);
  proxy.stop();
  expect(proxy.hits).toBeGreaterThan(0);
  return { checks, location };
}

describe.concurrent('a location that refuses', () => {
  test.each(CASES)('$what', async (one) => {
    const { fault, failed, skipped = [], says, code = 'location-forbidden' } = one;
    const { checks, location } = await checkBehind(fault);
    expect(named(checks, 'failed')).toEqual([failed]);
    expect(named(checks, 'skipped')).toEqual(skipped);
    expect(checks.find(({ name }) => name === failed)?.failure).toMatchObject({
      code,
      message: expect.stringContaining(says) as string,
    });
    expect(phaseOfChecks(checks)).toBe(one.phase ?? 'Unavailable');
    expect(await leftIn(location, BED)).toEqual([]);
  });

  test('a removal keeps small files alone, and the result says where', async () => {
    const matches: Fault['matches'] = (_, { query }) => query.has('delete');
    const { checks, location } = await checkBehind({ method: 'POST', matches, effect: forbid });
    expect(named(checks, 'failed')).toEqual(['delete']);
    expect(named(checks, 'skipped')).toEqual(LARGE);
    const { message = '' } = checks.find(({ name }) => name === 'delete')?.failure ?? {};
    expect(message).toContain('s3:DeleteObject');
    const [folder = 'none'] = /(?<=stays below )metadata\/holdfast\/check\/\S+/.exec(message) ?? [];
    const left = await leftIn(location, BED);
    expect(left.filter((key) => !key.startsWith(`${location.prefix}/${folder}`))).toEqual([]);
    expect(left.filter((key) => /large|copy|begun/.test(key))).toEqual([]);
    const store = createS3Store({ ...location, endpoint: BED, prefix: '' });
    await store.remove(left);
    store.close();
  });
});

test('an operation that gets no answer fails in time, and what it wrote late is removed', async () => {
  const proxy = await FaultProxy.start(BED);
  proxy.faults = [
    { method: 'PUT', matches: (path) => path.endsWith('/plain'), effect: 'delay', delayMs: 1500 },
  ];
  const location = locationAt(proxy.url);
  const checks = await checkLocation(location, { operationTimeoutMs: 1000 });
  proxy.stop();
  expect(checks[0]?.failure).toMatchObject({ code: 'timed-out' });
  expect(named(checks, 'ok')).toEqual(['clock']);
  expect(await leftIn(location, BED)).toEqual([]);
});

test.each([
  ['a server that is not there', { endpoint: 'http://127.0.0.1:9' }, 'check the endpoint'],
  ['a bucket that is not there', { bucket: 'no-such-bucket-either' }, 'check the bucket'],
  ['an authority that is none', { caCert: 'x' }, 'caCert of the location is no certificate'],
  ['an authority that cannot be read', { caFile: '/nowhere/ca.pem' }, '/nowhere/ca.pem'],
])('%s makes a location unavailable, with the remedy', async (_, changes, says) => {
  const checks = await checkLocation({ ...locationAt(BED), ...changes });
  expect(checks[0]?.failure?.message).toContain(says);
  // A refusal to list tells the time.
  expect(named(checks, 'ok').filter((name) => name !== 'clock')).toEqual([]);
  expect(phaseOfChecks(checks)).toBe('Unavailable');
});

test('a folder passes in what folders have, and nothing stays', async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-check-'));
  const checks = await checkLocation({ name: 'default', provider: 'folder', path });
  expect(named(checks, 'failed')).toEqual([]);
  expect(named(checks, 'skipped')).toEqual([
    ...['abort-upload', 'checksums-configured', 'checksums-default', 'clock'],
  ]);
  const files = await readdir(path, { recursive: true, withFileTypes: true });
  expect(files.filter((entry) => entry.isFile())).toEqual([]);
  expect(await readdir(join(path, 'metadata/holdfast'))).toEqual(['unfinished']);
});

test('a folder that cannot be written is unavailable', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'holdfast-check-')), 'file');
  await writeFile(path, '');
  const checks = await checkLocation({ name: 'default', provider: 'folder', path });
  expect(named(checks, 'failed')).toEqual(['put']);
  expect(checks[0]?.failure?.message).toContain('see whether the folder is there');
});
