import { expect, test } from 'vitest';

import type { RunStatus, VolumeProgress } from '../../domain/run-status.ts';
import { batchWords, runWords } from '../../domain/run-words.ts';

const SINCE = '2026-03-01T10:00:00Z';
const STATUS: RunStatus = {
  phase: 'InProgress',
  step: 'export',
  progress: { itemsDone: 240, itemsTotal: 900 },
  startTimestamp: SINCE,
  stepTimestamp: SINCE,
};

test('a run says what it does, since when, and how far it is', () => {
  expect(runWords(STATUS, 'exporting 3 shards')).toBe(
    `**InProgress** · exporting 3 shards

- Step: export, since ${SINCE}
- Items: 240 of about 900`,
  );
});

test('volumes are counted, and nothing is said of what nobody has counted yet', () => {
  const ended = { done: 2, failed: 1, files: 12, bytes: 3 * 1024 * 1024 };
  const volumes = { total: 60, batches: 2, ended };
  const words = (status: RunStatus) => runWords(status, 'copying volumes').split('\n').slice(3);
  expect(words({ ...STATUS, volumes })).toEqual([
    '- Items: 240 of about 900',
    '- Volumes: 2 of 60 moved, 1 failed, 12 files, 3.0 MiB, in 2 batches',
  ]);
  const none = { ...volumes, ended: { done: 0, failed: 0, files: 0, bytes: 0 } };
  const progress = { itemsDone: 0, itemsTotal: 0 };
  expect(words({ ...STATUS, progress, volumes: none })).toEqual([
    '- Volumes: 0 of 60 moved, in 2 batches',
  ]);
});

test('a batch tells of the volumes that are left, and what each waits for', () => {
  const volumes: VolumeProgress[] = [
    { volume: 0, name: 'shop/a', state: 'Done' },
    { volume: 1, name: 'shop/b', state: 'Failed' },
    { volume: 2, name: 'shop/c', state: 'Moving', node: 'node-a' },
    {
      ...{ volume: 3, name: 'shop/d', state: 'Waiting' },
      waitingFor: { reason: 'no agent took it', since: SINCE, deadline: SINCE },
    },
  ];
  expect(batchWords(volumes)).toBe(
    `**1 of 4** volumes moved, 1 failed

- \`shop/c\`: Moving on \`node-a\`
- \`shop/d\`: Waiting, no agent took it, since ${SINCE}, until ${SINCE} at the latest`,
  );
});

test('a batch tells of twenty volumes at most, and how many more there are', () => {
  const volumes = Array.from({ length: 25 }, (_, volume): VolumeProgress => {
    return { volume, name: `shop/${String(volume)}`, state: 'Waiting' };
  });
  const lines = batchWords(volumes).split('\n');
  expect(lines).toHaveLength(23);
  expect(lines.at(-1)).toBe('- and 5 more');
});
