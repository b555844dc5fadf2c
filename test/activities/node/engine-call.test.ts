import { expect, test } from 'vitest';

import { engineRun } from '../../../activities/node/engine-call.ts';
import type { MoveVolumeInput } from '../../../activities/volume-contract.ts';
import type { StorageLocation } from '../../../domain/storage-location.ts';

const SLOW: StorageLocation = {
  ...{ name: 'slow', provider: 'folder', path: '/slow' },
  uploadBytesPerSecond: 1_000_000,
};
const FREE: StorageLocation = { name: 'free', provider: 'folder', path: '/free' };

test('the copies of an agent share what their location allows it', () => {
  const deps = {
    copiesMax: 4,
    location: (name: string) => (name === 'slow' ? SLOW : FREE),
  };
  const long = { signal: new AbortController().signal, report: () => undefined };
  const input: MoveVolumeInput = {
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
  expect(engineRun(deps, long, input)).toMatchObject({
    key: 'run.3',
    limits: { uploadBytesPerSecond: 250_000 },
  });
  expect(engineRun(deps, long, { ...input, location: 'free' }).limits).toEqual({});
});
