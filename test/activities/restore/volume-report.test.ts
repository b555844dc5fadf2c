import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { readVolumeReport } from '../../../activities/restore/volume-report.ts';
import type { FinishRestoreInput } from '../../../activities/contract.ts';
import {
  restoreFolder,
  volumeBatchKey,
  volumeCopyKey,
  volumeEndsKey,
} from '../../../domain/object-key.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';

// Goal: every volume of a restore is in its numbers, whatever became of its batch. Method: batches in a folder, as
// plan and attempts store them.

const RUN = { location: 'default', name: 'r', runUid: 'run-1' };
const FOLDER = restoreFolder('r');
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-report-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function volumeNamed(claim: string, index: number) {
  return { index, namespace: 'shop', claim, source: 'persistentVolumeClaim' };
}

test('the volumes of a batch that was cut short count as failed, each by its name', async () => {
  const batches = [
    ['whole', 'full'],
    ['cut', 'off'],
  ];
  for (const [batch, claims] of batches.entries()) {
    const volumes = claims.map((claim, index) => volumeNamed(claim, 2 * batch + index));
    await writeJsonGz(store, volumeBatchKey(FOLDER, { ...RUN, batch }), { volumes });
  }
  const attempt = { volume: 0, attempt: 'a' };
  const failure = { code: 'volume-full', message: 'it is full' };
  const ends = [attempt, { volume: 1, failure }];
  await writeJsonGz(store, volumeEndsKey(FOLDER, { ...RUN, batch: 0 }), ends);
  const record = { ...volumeNamed('whole', 0), files: 3, bytes: 30, warnings: [] };
  await writeJsonGz(store, volumeCopyKey(FOLDER, { ...attempt, runUid: RUN.runUid }), record);

  // The cast: nothing else of what the report is made of is looked at.
  const input = { ...RUN, volumeBatches: 2 } as FinishRestoreInput;
  const report = await readVolumeReport(store, input);
  expect(report?.summary).toEqual({ restored: 1, failed: 3, files: 3, bytes: 30 });
  const cut = 'the restore ended before its data was written and read back; restore again';
  expect(report?.errors).toEqual([
    'volume shop/full: it is full',
    `volume shop/cut: ${cut}`,
    `volume shop/off: ${cut}`,
  ]);
  expect(report?.failed.map(({ code, subject }) => `${subject ?? ''} ${code}`)).toEqual([
    'volume shop/full volume-full',
    'volume shop/cut volume-not-restored',
    'volume shop/off volume-not-restored',
  ]);
});

test('a restore without volumes says nothing of them', async () => {
  expect(await readVolumeReport(store, RUN as FinishRestoreInput)).toBeUndefined();
});
