import type { IndexLine } from '../../domain/backup-index.ts';
import { firstShardOf } from '../../domain/restore/restore-plan.ts';
import type { RestoreWave } from '../contract.ts';

type WriteShard = (shard: number, lines: readonly IndexLine[]) => Promise<unknown>;

interface OpenWave {
  readonly name: string;
  readonly firstShard: number;
  shards: number;
  items: number;
  open: IndexLine[];
}

/** Sorts lines into the waves' shards as they come; holds at most one unfinished shard per wave. */
export class WaveWriter {
  readonly #shardItems: number;
  readonly #write: WriteShard;
  readonly #waves: readonly OpenWave[];

  constructor(waves: readonly string[], shardItems: number, write: WriteShard) {
    this.#waves = waves.map((name, position) => ({
      ...{ name, firstShard: firstShardOf(position), shards: 0, items: 0 },
      open: [],
    }));
    this.#shardItems = shardItems;
    this.#write = write;
  }

  /** Adds a line to the wave at a position. */
  async add(line: IndexLine, position: number): Promise<void> {
    const wave = this.#waves[position];
    wave?.open.push(line);
    if (wave?.open.length === this.#shardItems) {
      await this.#flush(wave);
    }
  }

  async finish(): Promise<{ items: number; waves: RestoreWave[] }> {
    await Promise.all(this.#waves.map((wave) => this.#flush(wave)));
    const waves = this.#waves
      .filter(({ items }) => items > 0)
      .map(({ name, items, firstShard, shards }) => ({ name, items, firstShard, shards }));
    return { items: waves.reduce((sum, { items }) => sum + items, 0), waves };
  }

  async #flush(wave: OpenWave): Promise<void> {
    if (wave.open.length === 0) {
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
