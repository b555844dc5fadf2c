import { randomBytes } from 'node:crypto';

import type { IndexLine } from '../../domain/backup-index.ts';
import { Failure } from '../../domain/failure.ts';
import { groupResource } from '../../domain/item.ts';
import { backupKeys, restoreFolder, shardItemsKey } from '../../domain/object-key.ts';
import { RESTORE_WAVES, waveOf } from '../../domain/restore-order.ts';
import { firstShardOf, restoreShardItems } from '../../domain/restore-plan.ts';
import { RestoreScope } from '../../domain/restore-scope.ts';
import { selectItem } from '../../domain/restore-selection.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { encodeIndex, oneBatch, readIndex } from '../../storage/format/index-file.ts';
import type { PlanRestoreResult, RestoreRun, RestoreWave } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';

const ATTEMPT_BYTES = 6;

/** See `ClusterActivities.planRestore`. */
export function planRestore(deps: Dependencies, run: RestoreRun): Promise<PlanRestoreResult> {
  return withHeartbeat(async ({ signal, report }) => {
    const store = deps.store(run.location);
    const backup = await readBackup(store, run.spec.backupName);
    const attempt = randomBytes(ATTEMPT_BYTES).toString('hex');
    const waves = new WaveWriter(
      restoreShardItems(backup?.claim?.archive?.items ?? 0),
      (shard, lines) => {
        const key = shardItemsKey(restoreFolder(run.name), { runUid: run.runUid, shard, attempt });
        return store.upload(key, encodeIndex(oneBatch(lines)), { signal });
      },
    );
    let itemsDone = 0;
    const definitions: IndexLine[] = [];
    const types = new Set<string>();
    const scope = new RestoreScope(run.spec);
    for await (const lines of readIndex(store, backupKeys(run.spec.backupName).index, { signal })) {
      for (const line of lines) {
        scope.see(line);
        const selection = selectItem(run.spec, line);
        if (selection === 'restored') {
          types.add(groupResource(line));
          await waves.add(line);
        } else if (selection === 'definition') {
          definitions.push(line);
        }
      }
      itemsDone += lines.length;
      report({ itemsDone, bytesDone: 0 });
    }
    requireScope(scope);
    for (const line of definitions.filter(({ name }) => types.has(name))) {
      await waves.add(line);
    }
    return { ...(await waves.finish()), attempt };
  });
}

/** The open step has looked already, unless the index is large. */
function requireScope(scope: RestoreScope): void {
  const refusal = scope.refusal();
  if (refusal !== undefined) {
    const { code, message, subject } = refusal;
    throw new Failure(code, message, subject === undefined ? {} : { subject });
  }
}

type WriteShard = (shard: number, lines: readonly IndexLine[]) => Promise<unknown>;

/** Sorts lines into the waves' shards as they come; holds at most one unfinished shard per wave. */
class WaveWriter {
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
