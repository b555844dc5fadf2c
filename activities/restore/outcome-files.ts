import { itemText } from '../../domain/item.ts';
import {
  parseShardOutcomesKey,
  relinkNotesKey,
  restoreFolder,
  workFolder,
} from '../../domain/object-key.ts';
import { ENDED_EARLY } from '../../domain/restore/deferred-items.ts';
import type { AppliedItem, RestoreOutcome } from '../../domain/restore/restore-outcome.ts';
import { DEFERRED_SHARD } from '../../domain/restore/restore-plan.ts';
import { RESTORE_VERBS } from '../../domain/restore.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { FinishRestoreInput } from '../contract.ts';

/** What came of giving an item its owners, where there is something to say. */
export interface RelinkNote {
  /** As `itemText` names it. */
  readonly item: string;
  readonly reason: string;
  /** What it makes of the outcome of the item. */
  readonly change: Partial<Pick<RestoreOutcome, 'verb' | 'lacksOwners'>>;
}

/** Stands at items whose owners are still to be given. */
const AWAITS_OWNERS = 'the restore ended before it gave it its owners';

/**
 * What the attempts of a restore's shards stored of their outcomes. Of a shard that ended, one attempt counts; of
 * one that did not, all attempts do, because each may have applied items that the others did not reach. An item that was
 * put aside has its outcome in the shard of such items, and in its own while the other one has stored nothing.
 */
export class OutcomeFiles {
  readonly #store: ObjectStore;
  readonly #keys: ReadonlyMap<number, readonly string[]>;
  readonly #input: FinishRestoreInput;
  #present: { readonly shard: number; readonly outcomes: readonly RestoreOutcome[] } | undefined;

  private constructor(
    store: ObjectStore,
    keys: ReadonlyMap<number, readonly string[]>,
    input: FinishRestoreInput,
  ) {
    this.#store = store;
    this.#keys = keys;
    this.#input = input;
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
    return new OutcomeFiles(store, keys, input);
  }

  /** The shards that have outcomes, in their order. */
  get shards(): readonly number[] {
    return [...this.#keys.keys()].sort((left, right) => left - right);
  }

  /** The outcomes of a shard, one for each item; the last shard that was read is at hand. */
  async read(shard: number): Promise<readonly RestoreOutcome[]> {
    if (this.#present?.shard !== shard) {
      this.#present = { shard, outcomes: await this.#readFiles(shard) };
    }
    return this.#present.outcomes;
  }

  /** The outcomes of all shards, one shard after the other. */
  async *all(): AsyncGenerator<readonly RestoreOutcome[]> {
    for (const shard of this.shards) {
      yield await this.read(shard);
    }
  }

  async #readFiles(shard: number): Promise<RestoreOutcome[]> {
    const byItem = new Map<string, AppliedItem>();
    for (const key of this.#keys.get(shard) ?? []) {
      // The object under this key was written by `applyShards` of the same run.
      for (const outcome of (await readJsonGz(this.#store, key)) as AppliedItem[]) {
        const item = itemText(outcome);
        byItem.set(item, better(byItem.get(item), outcome));
      }
    }
    const notes = await this.#notesOf(shard);
    const isElsewhere = this.#keys.has(DEFERRED_SHARD);
    return [...byItem]
      .filter(([, { isPutAside }]) => !(isPutAside === true && isElsewhere))
      .map(([item, outcome]) => {
        if (outcome.isPutAside === true) {
          return { ...outcome, reason: reasonsOf(outcome, ENDED_EARLY) };
        }
        return notes === undefined ? withOwnersDue(outcome) : withNote(outcome, notes.get(item));
      });
  }

  /** What came of giving the items of a shard their owners; undefined when that was not done, or not to the end. */
  async #notesOf(shard: number): Promise<ReadonlyMap<string, RelinkNote> | undefined> {
    const { name, runUid, relinkAttempt: attempt, shards } = this.#input;
    if (attempt === undefined) {
      return undefined;
    }
    if (!shards.some((one) => one.shard === shard && one.owned > 0)) {
      return new Map();
    }
    const key = relinkNotesKey(restoreFolder(name), { runUid, shard, attempt });
    // The object under this key was written by `relinkOwners` of the same run.
    const notes = (await readJsonGz(this.#store, key)) as readonly RelinkNote[];
    return new Map(notes.map((note) => [note.item, note]));
  }
}

function withNote(outcome: RestoreOutcome, note: RelinkNote | undefined): RestoreOutcome {
  if (note === undefined) {
    return outcome;
  }
  return { ...outcome, reason: reasonsOf(outcome, note.reason), ...note.change };
}

function withOwnersDue(outcome: AppliedItem): RestoreOutcome {
  return outcome.owners === undefined || outcome.verb === 'failed'
    ? outcome
    : { ...outcome, reason: reasonsOf(outcome, AWAITS_OWNERS), awaitsOwners: true };
}

function reasonsOf({ reason }: RestoreOutcome, added: string): string {
  return reason === undefined ? added : `${reason}; ${added}`;
}

/** Of two attempts at one item, the one that did more: what was created stays created. */
function better(one: AppliedItem | undefined, other: AppliedItem): AppliedItem {
  const rank = ({ verb, isPutAside }: AppliedItem): number =>
    isPutAside === true ? RESTORE_VERBS.length : RESTORE_VERBS.indexOf(verb);
  return one === undefined || rank(other) < rank(one) ? other : one;
}
