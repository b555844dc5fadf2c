import { expect, test } from 'vitest';

import { firstAddedShardOf, firstShardOf, waveOf } from '../../../domain/restore/restore-plan.ts';

test('what plugins add before a wave comes between that wave and the one before, shard by shard', () => {
  const shard = firstShardOf(4) + 3;
  const added = firstAddedShardOf(shard);
  expect(waveOf(shard)).toBe(4);
  const waves = [firstShardOf(3) + 249, added, added + 1, added + 499, firstShardOf(4)].map(waveOf);
  expect(waves).toEqual([...waves].sort((left, right) => left - right));
  expect(new Set(waves).size).toBe(waves.length);
});
