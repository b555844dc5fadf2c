import type { IndexLine } from '../../domain/backup-index.ts';
import { RESTORE_WAVES, waveOf } from '../../domain/restore-order.ts';
import { firstShardOf } from '../../domain/restore-plan.ts';
import type { RestoreWave } from '../contract.ts';

type WriteShard = (shard: number, lines: readonly IndexLine[]) => Promise<unknown>;

/** Sorts lines into the waves' shards as they come; holds at most one unfinished shard per wave. */
export class WaveWriter {
  readonly #shardItems: number;
  readonly #write: WriteShard;
  readonly #waves = RESTORE_WAVES.map(({ name }, index) => ({
    name,
    firstShard: firstShardOf(index),
    shards: 0,
    items: 0,
    open: [] as IndexLine[],
  }));

  constructor(shardItems: number, write: WriteShard) {
    this.#shardItems = shardItems;
    this.#write = write;
  }

  async add(line: IndexLine): Promise<void> {
    const index = waveOf(line);
    const wave = this.#waves[index];
    wave?.open.push(line);
    if (wave?.open.length === this.#shardItems) {
      await this.#flush(index);
    }
  }

  async finish(): Promise<{ items: number; waves: RestoreWave[] }> {
    await Promise.all(this.#waves.map((_wave, index) => this.#flush(index)));
    const waves = this.#waves
      .filter(({ items }) => items > 0)
      .map(({ name, items, firstShard, shards }) => ({ name, items, firstShard, shards }));
    return { items: waves.reduce((sum, { items }) => sum + items, 0), waves };
  }

  async #flush(index: number): Promise<void> {
    const wave = this.#waves[index];
    if (wave === undefined || wave.open.length === 0) {
      return;
    }
    const lines = wave.open;
    const shard = wave.firstShard + wave.shards;
    wave.open = [];
    wave.shards += 1;
    wave.items += lines.length;
    await this.#write(shard, lines);
  }
}
