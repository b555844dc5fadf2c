import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { bandwidthFlags, patientConfig } from '../../../../activities/engine/restic/bandwidth.ts';
import { VolumeFixture, volumeLabels } from '../../../support/volume-fixture.ts';

// Goal: a copy and a restore keep within their bandwidth. Method: real restic moves random bytes; a limit is seen as the
// least time that this takes. What restic may send at once, before it waits, is one second's worth.

const BYTES = 3_000_000;
const LIMIT = 1_000_000;
const LEAST_MS = 1000 * (BYTES / LIMIT - 1);

const fixture = VolumeFixture.forFile();

test('restic is told its limits in whole KiB, and never that there is none', () => {
  expect(bandwidthFlags({ uploadBytesPerSecond: 5_000_000 })).toEqual(['--limit-upload=4882']);
  expect(bandwidthFlags({ uploadBytesPerSecond: 3, downloadBytesPerSecond: 2048 })).toEqual([
    '--limit-upload=1',
    '--limit-download=2',
  ]);
  expect(bandwidthFlags()).toEqual([]);
});

test('a slow copy may stand still for as long as its packs are on the way', () => {
  const config = fixture.config({ stallLimitMs: 1000 });
  expect(patientConfig(config)).toEqual(config);
  const limits = { uploadBytesPerSecond: 16 * 1024 * 1024, downloadBytesPerSecond: 64 * 1024 ** 2 };
  expect(patientConfig(config, limits).stallLimitMs).toBe(1000 + 8000);
});

test('a copy takes as long as its upload limit makes it, and a restore as its download limit', async () => {
  const engine = fixture.engine();
  const repository = await fixture.repository();
  const volume = await fixture.volume();
  await writeFile(join(volume, 'file'), randomBytes(BYTES));
  const request = { repository, root: await fixture.root(volume), labels: volumeLabels() };
  const startedMs = performance.now();
  const copy = await engine.backup(
    request,
    fixture.run({ limits: { uploadBytesPerSecond: LIMIT } }),
  );
  const copiedMs = performance.now();
  expect(copiedMs - startedMs).toBeGreaterThan(LEAST_MS);
  if (copy.outcome !== 'Complete') {
    throw new Error(`the outcome is ${copy.outcome}`);
  }
  const root = await fixture.root(await fixture.volume());
  const { snapshotId } = copy.snapshot;
  const restored = await engine.restore(
    { repository, snapshotId, root, attributes: copy.root },
    fixture.run({ limits: { downloadBytesPerSecond: LIMIT } }),
  );
  expect(performance.now() - copiedMs).toBeGreaterThan(LEAST_MS);
  expect(restored).toMatchObject({ outcome: 'Complete', bytes: BYTES });
});
