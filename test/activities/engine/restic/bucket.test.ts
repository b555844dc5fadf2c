import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, expect, onTestFinished, test, vi } from 'vitest';

import type { RepositoryAccess } from '../../../../activities/engine/port.ts';
import type { S3Location } from '../../../../domain/storage-location.ts';
import { openObjectStore } from '../../../../storage/object-store/open.ts';
import { volumeEngineSuite } from '../../../conformance/volume-engine.ts';
import { keysUnder } from '../../../support/archive-items.ts';
import { makeCertificate } from '../../../support/certificate.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { type FrontOptions, startS3Front } from '../../../support/s3-front.ts';
import { MADE_REPOSITORY, VolumeFixture, volumeLabels } from '../../../support/volume-fixture.ts';

const LOCATION: S3Location = {
  name: 'default',
  provider: 's3',
  bucket: process.env['S3_BUCKET'] ?? 'holdfast',
  prefix: `tests/engine a+b/${randomBytes(4).toString('hex')}`,
  region: 'us-east-1',
  isPathStyle: true,
  endpoint: process.env['S3_ENDPOINT'] ?? '',
};

const fixture = VolumeFixture.forFile();

function repositoryAt(location: S3Location) {
  return { ...fixture.access(), location };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

afterAll(async () => {
  const store = openObjectStore(LOCATION);
  await store.remove(await keysUnder(store, ''));
  store.close();
});

volumeEngineSuite('a bucket', fixture, () =>
  Promise.resolve({ engine: fixture.engine(), repository: repositoryAt(LOCATION) }),
);

test('gives up a location that does not answer, and says meanwhile what it waits for', async () => {
  const engine = fixture.engine({ locationWaitMs: 1500 });
  const repository = repositoryAt({ ...LOCATION, endpoint: 'http://127.0.0.1:9' });
  const seen = new Set<string | undefined>();
  const run = fixture.run({
    onProgress: ({ waitingFor }) => {
      seen.add(waitingFor?.what);
    },
  });
  await expect(engine.snapshots({ repository, clusterUid: 'x' }, run)).rejects.toMatchObject({
    code: 'location-unreachable',
  });
  expect(seen).toContain('Location');
});

/** The bucket behind a front that answers by itself where the test wants it. */
async function behindFront(answer: FrontOptions['answer'], tls?: FrontOptions['tls']) {
  const front = await startS3Front(LOCATION.endpoint ?? '', {
    ...(answer === undefined ? {} : { answer }),
    ...(tls === undefined ? {} : { tls }),
  });
  onTestFinished(front.stop);
  const scheme = tls === undefined ? 'http' : 'https';
  const prefix = `${LOCATION.prefix}/${randomBytes(4).toString('hex')}`;
  return { ...LOCATION, prefix, endpoint: `${scheme}://127.0.0.1:${String(front.port)}` };
}

/** Copies a small volume into a new repository. */
async function copyInto(location: S3Location, more: Pick<RepositoryAccess, 'readSecret'> = {}) {
  const volume = await fixture.volume();
  await writeFile(join(volume, 'file'), 'content');
  const path = 'restic/v1/cluster-uid/shop';
  const store = openObjectStore(location, more.readSecret);
  await store.put(`${path}/holdfast-init.json`, await readFile(MADE_REPOSITORY));
  store.close();
  const root = await fixture.root(volume);
  const request = {
    repository: { ...repositoryAt(location), ...more },
    root,
    labels: volumeLabels(),
  };
  return fixture.engine().backup(request, fixture.run());
}

test('reaches a server whose certificate only the authority of the location knows', async () => {
  const { caFile, ...tls } = await makeCertificate(['IP:127.0.0.1']);
  const location = { ...(await behindFront(undefined, tls)), caFile };
  expect(await copyInto(location)).toMatchObject({ outcome: 'Complete' });
});

test('the same as text in the location, whatever file the process has', async () => {
  const { caFile, ...tls } = await makeCertificate(['IP:127.0.0.1']);
  const location = {
    ...(await behindFront(undefined, tls)),
    caCert: await readFile(caFile, 'utf8'),
  };
  expect(await copyInto(location)).toMatchObject({ outcome: 'Complete' });
});

test('what it stores has the storage class of the location', async () => {
  const classes = new Set<unknown>();
  const location = await behindFront(({ method, path, headers }) => {
    if (method === 'PUT' && path.includes('/data/')) {
      classes.add(headers['x-amz-storage-class']);
    }
    return undefined;
  });
  await copyInto({ ...location, storageClass: 'STANDARD_IA' });
  expect([...classes]).toEqual(['STANDARD_IA']);
});

test('reaches a server by the proxy of the location', async () => {
  const proxy = await startConnectProxy();
  onTestFinished(proxy.stop);
  // Programs of Go take no proxy to a loopback address, such as that of a front.
  const { endpoint = '' } = LOCATION;
  const prefix = `${LOCATION.prefix}/${randomBytes(4).toString('hex')}`;
  const location = { ...LOCATION, prefix, proxyUrl: proxy.url };
  expect(await copyInto(location)).toMatchObject({ outcome: 'Complete' });
  expect([...proxy.targets]).toEqual([new URL(endpoint).host]);
});

test('opens a bucket with the credentials of a Secret, and not with those of the environment', async () => {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  const data = Object.fromEntries(
    names.map((name) => [name, Buffer.from(process.env[name] ?? '')]),
  );
  const location = { ...(await behindFront(undefined)), credentials: { secretName: 'vault' } };
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not the right one');
  const readSecret = () => Promise.resolve(data);
  expect(await copyInto(location, { readSecret })).toMatchObject({ outcome: 'Complete' });
});

test('goes on when the location fails for a moment', async () => {
  let failures = 2;
  const location = await behindFront(({ method, path }) => {
    const isHit = method === 'PUT' && path.includes('/data/') && failures > 0;
    failures -= isHit ? 1 : 0;
    return isHit ? { status: 503, body: '<Error><Code>SlowDown</Code></Error>' } : undefined;
  });
  expect(await copyInto(location)).toMatchObject({ outcome: 'Complete' });
  expect(failures).toBe(0);
});

test.each([
  { status: 403, word: 'AccessDenied', said: 'Access Denied.', code: 'location-forbidden' },
  {
    ...{ status: 400, word: 'XMinioAdminBucketQuotaExceeded', said: 'Bucket quota exceeded' },
    code: 'quota-exceeded',
  },
  // Ceph says no more than the code, and others no more than the status.
  { status: 403, word: 'QuotaExceeded', code: 'quota-exceeded' },
  { status: 507, code: 'quota-exceeded' },
])('knows a bucket that answers a write with $status $word', async (answer) => {
  const { status, word, said, code } = answer;
  const text = said === undefined ? '' : `<Message>${said}</Message>`;
  const body = word === undefined ? '' : `<Error><Code>${word}</Code>${text}</Error>`;
  const location = await behindFront(({ method, path }) =>
    method === 'PUT' && path.includes('/data/') ? { status, body } : undefined,
  );
  await expect(copyInto(location)).rejects.toMatchObject({ code });
});

test('does not wait where credentials are refused', async () => {
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not the right one');
  const query = { repository: repositoryAt(LOCATION), clusterUid: 'x' };
  await expect(fixture.engine().snapshots(query, fixture.run())).rejects.toMatchObject({
    code: 'location-forbidden',
  });
});
