import { groupResource, type ResourceType } from '../../domain/item.ts';
import { pluginAnswerKey, pluginIndexKey, runFolder } from '../../domain/object-key.ts';
import type { ActionOutcome } from '../../domain/plugins/apply-outcomes.ts';
import { type CallRow, callsAbout, itemKey } from '../../domain/plugins/call-index.ts';
import type { CallOutcome } from '../../domain/plugins/plugin-call.ts';
import type { KindReference } from '../../domain/run-reference.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { PluginRound } from '../plugin-run-contract.ts';

/** Answers that are kept at hand: a page of a type needs one or a few of each action. */
const ANSWERS_AT_HAND = 16;

/** What plugins answered to a run. */
export interface AnswerSource {
  readonly store: ObjectStore;
  readonly run: KindReference;
  readonly rounds: readonly PluginRound[];
}

/** What actions said of some items of one type, by the key of the item, in the order of the actions. */
export type OutcomesByKey = ReadonlyMap<string, readonly ActionOutcome[]>;

/** Finds what actions said of items, without holding all that they said. */
export class PluginAnswers {
  readonly #source: AnswerSource;
  readonly #indexes: readonly (readonly CallRow[])[];
  readonly #atHand = new Map<string, CallOutcome>();

  private constructor(source: AnswerSource, indexes: readonly (readonly CallRow[])[]) {
    this.#source = source;
    this.#indexes = indexes;
  }

  static async open(source: AnswerSource): Promise<PluginAnswers> {
    const { store, run, rounds } = source;
    const indexes = rounds.map(async ({ attempt }) => {
      const key = pluginIndexKey(runFolder(run), { runUid: run.runUid, attempt });
      // The object under this key was written by `planPluginCalls` of the same run.
      return (await readJsonGz(store, key)) as readonly CallRow[];
    });
    return new PluginAnswers(source, await Promise.all(indexes));
  }

  /** What was said of items of a type; one that was asked about is there, though nothing was said of it. */
  async about(
    type: Pick<ResourceType, 'group' | 'resource'>,
    keys: readonly string[],
  ): Promise<OutcomesByKey> {
    const name = groupResource(type);
    const wanted = new Set(keys);
    const said: { readonly order: number; readonly outcome: ActionOutcome }[] = [];
    for (const { items, order, ...call } of await this.#answers(name, keys)) {
      const about = items.filter(
        ({ item }) => groupResource(item) === name && wanted.has(itemKey(item)),
      );
      said.push(...about.map((outcome) => ({ order, outcome: { ...call, outcome } })));
    }
    said.sort((left, right) => left.order - right.order);
    const byKey = new Map<string, ActionOutcome[]>();
    for (const { outcome } of said) {
      const key = itemKey(outcome.outcome.item);
      byKey.set(key, [...(byKey.get(key) ?? []), outcome]);
    }
    return byKey;
  }

  /** The calls of all rounds that may be about some items. */
  async #answers(type: string, keys: readonly string[]): Promise<CallOutcome[]> {
    const found: CallOutcome[] = [];
    for (const [round, { attempt }] of this.#source.rounds.entries()) {
      for (const call of callsAbout(this.#indexes[round] ?? [], type, keys)) {
        found.push(await this.#answer(attempt, call));
      }
    }
    return found;
  }

  async #answer(attempt: string, call: number): Promise<CallOutcome> {
    const id = `${attempt}/${String(call)}`;
    const known = this.#atHand.get(id);
    // What was used last goes to the end, and what is at the beginning goes first.
    this.#atHand.delete(id);
    const answer = known ?? (await readAnswer(this.#source, { attempt, call }));
    this.#atHand.set(id, answer);
    const [oldest] = this.#atHand.keys();
    if (this.#atHand.size > ANSWERS_AT_HAND && oldest !== undefined) {
      this.#atHand.delete(oldest);
    }
    return answer;
  }
}

/** All that was answered, call by call. */
export async function* allAnswers(source: AnswerSource): AsyncGenerator<CallOutcome> {
  for (const { attempt, calls } of source.rounds) {
    for (let call = 0; call < calls; call++) {
      yield await readAnswer(source, { attempt, call });
    }
  }
}

async function readAnswer(
  { store, run }: Pick<AnswerSource, 'store' | 'run'>,
  { attempt, call }: { readonly attempt: string; readonly call: number },
): Promise<CallOutcome> {
  const key = pluginAnswerKey(runFolder(run), { runUid: run.runUid, attempt, call });
  // The object under this key was written by `storePluginAnswer` of the same run.
  return (await readJsonGz(store, key)) as CallOutcome;
}
