/** Items of one shard of a restore, while that keeps the number of shards under its limit. */
const SHARD_ITEMS = 1000;
/** Shards of one restore: bounds its history. */
const SHARDS_MAX = 250;
/** Shard numbers of a wave begin at its position times this. */
const SHARDS_OF_WAVE_MAX = 1000;

export function restoreShardItems(items: number): number {
  return Math.max(SHARD_ITEMS, Math.ceil(items / SHARDS_MAX));
}

export function firstShardOf(wave: number): number {
  return wave * SHARDS_OF_WAVE_MAX;
}
