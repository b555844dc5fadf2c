import { itemText } from '../../domain/item.ts';
import { parseShardOutcomesKey, restoreFolder, workFolder } from '../../domain/object-key.ts';
import type { RestoreOutcome } from '../../domain/restore-outcome.ts';
import { RESTORE_VERBS } from '../../domain/restore.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { FinishRestoreInput } from '../contract.ts';

/**
 * What the attempts of a restore's shards stored of their outcomes. Of a shard that ended, one attempt counts; of
 * one that did not, all attempts do, because each may have applied items that the others did not reach.
 */
export class OutcomeFiles {
  readonly #store: ObjectStore;
  readonly #keys: ReadonlyMap<number, readonly string[]>;
  #present: { readonly shard: number; readonly outcomes: readonly RestoreOutcome[] } | undefined;

  private constructor(store: ObjectStore, keys: ReadonlyMap<number, readonly string[]>) {
    this.#store = store;
    this.#keys = keys;
  }

  static async find(store: ObjectStore, input: FinishRestoreInput): Promise<OutcomeFiles> {
    const ended = new Map(input.shards.map(({ shard, attempt }) => [shard, attempt]));
    const keys = new Map<number, string[]>();
    for await (const page of store.list(workFolder(restoreFolder(input.name), input.runUid))) {
      for (const { key } of page) {
        const found = parseShardOutcomesKey(key);
        if (found !== undefined && (ended.get(found.shard) ?? found.attempt) === found.attempt) {
          keys.set(found.shard, [...(keys.get(found.shard) ?? []), key]);
        }
      }
    }
    return new OutcomeFiles(store, keys);
  }

  /** The shards that have outcomes, in their order. */
  get shards(): readonly number[] {
    return [...this.#keys.keys()].sort((left, right) => left - right);
  }

  /** The outcomes of a shard, one for each item; the last shard that was read is at hand. */
  async read(shard: number): Promise<readonly RestoreOutcome[]> {
    if (this.#present?.shard !== shard) {
      this.#present = { shard, outcomes: await this.#readFiles(this.#keys.get(shard) ?? []) };
    }
    return this.#present.outcomes;
  }

  async #readFiles(keys: readonly string[]): Promise<RestoreOutcome[]> {
    const byItem = new Map<string, RestoreOutcome>();
    for (const key of keys) {
      // The object under this key was written by `applyShards` of the same run.
      for (const outcome of (await readJsonGz(this.#store, key)) as RestoreOutcome[]) {
        const item = itemText(outcome);
        byItem.set(item, better(byItem.get(item), outcome));
      }
    }
    return [...byItem.values()];
  }
}

/** Of two attempts at one item, the one that did more: what was created stays created. */
function better(one: RestoreOutcome | undefined, other: RestoreOutcome): RestoreOutcome {
  const rank = ({ verb }: RestoreOutcome): number => RESTORE_VERBS.indexOf(verb);
  return one === undefined || rank(other) < rank(one) ? other : one;
}
