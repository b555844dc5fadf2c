import { expect, test } from 'vitest';

import type { EngineProgress } from '../../../activities/engine/port.ts';
import { engineRun } from '../../../activities/node/engine-call.ts';
import type { MoveVolumeInput } from '../../../activities/volume-contract.ts';
import type { HeartbeatProgress } from '../../../domain/run-status.ts';
import type { StorageLocation } from '../../../domain/storage-location.ts';

const SLOW: StorageLocation = {
  ...{ name: 'slow', provider: 'folder', path: '/slow' },
  uploadBytesPerSecond: 1_000_000,
};
const FREE: StorageLocation = { name: 'free', provider: 'folder', path: '/free' };

const INPUT: MoveVolumeInput = {
  ...{
    kind: 'Backup',
    name: 'nightly',
    runUid: 'run',
    batch: 0,
    volume: 3,
    pod: 'web',
    podUid: 'uid',
  },
  location: 'slow',
};
const PROGRESS: EngineProgress = {
  ...{ phase: 'Copying', filesDone: 1, filesTotal: 2, bytesDone: 3, bytesTotal: 4, errorCount: 0 },
};

test('the copies of an agent share what their location allows it', () => {
  const deps = {
    copiesMax: 4,
    location: (name: string) => (name === 'slow' ? SLOW : FREE),
  };
  const long = { signal: new AbortController().signal, report: () => undefined };
  expect(engineRun(deps, long, INPUT)).toMatchObject({
    key: 'run.3',
    limits: { uploadBytesPerSecond: 250_000 },
  });
  expect(engineRun(deps, long, { ...INPUT, location: 'free' }).limits).toEqual({});
});

test('a heartbeat carries what the engine waits for in words, and no longer than it waits', () => {
  const beats: HeartbeatProgress[] = [];
  const report = (beat: HeartbeatProgress) => void beats.push(beat);
  const deps = { copiesMax: 1, location: () => FREE };
  const { signal } = new AbortController();
  const { onProgress } = engineRun(deps, { signal, report }, INPUT);
  const times = { since: '2026-01-01T10:00:00.000Z', deadline: '2026-01-01T10:05:00.000Z' };
  onProgress?.({ ...PROGRESS, waitingFor: { what: 'Location', ...times } });
  onProgress?.(PROGRESS);
  const copy = { volume: 3, phase: 'Copying', filesDone: 1, filesTotal: 2, bytesTotal: 4 };
  const waitingFor = { reason: 'the storage location fails or does not answer', ...times };
  expect(beats).toEqual([
    { itemsDone: 0, bytesDone: 3, copy, waitingFor },
    { itemsDone: 0, bytesDone: 3, copy },
  ]);
});
