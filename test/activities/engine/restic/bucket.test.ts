import { randomBytes } from 'node:crypto';

import { afterAll, expect, onTestFinished, test } from 'vitest';

import type { S3Location } from '../../../../domain/storage-location.ts';
import { openObjectStore } from '../../../../storage/object-store/open.ts';
import { volumeEngineSuite } from '../../../conformance/volume-engine.ts';
import { keysUnder } from '../../../support/archive-items.ts';
import { VolumeFixture } from '../../../support/volume-fixture.ts';

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
      seen.add(waitingFor);
    },
  });
  await expect(engine.snapshots({ repository, clusterUid: 'x' }, run)).rejects.toMatchObject({
    code: 'location-unreachable',
  });
  expect(seen).toContain('Location');
});

test('does not wait where credentials are refused', async () => {
  const key = process.env['AWS_SECRET_ACCESS_KEY'];
  onTestFinished(() => {
    process.env['AWS_SECRET_ACCESS_KEY'] = key;
  });
  process.env['AWS_SECRET_ACCESS_KEY'] = 'not the right one';
  const query = { repository: repositoryAt(LOCATION), clusterUid: 'x' };
  await expect(fixture.engine().snapshots(query, fixture.run())).rejects.toMatchObject({
    code: 'location-forbidden',
  });
});
