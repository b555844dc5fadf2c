import {
  NO_PLAN_COUNTS,
  PLAN_ACTIONS,
  type PlanAction,
  type PlanCounts,
  type PlannedItem,
} from './restore-preview.ts';

/** Characters of JSON that are kept of items, of the quiet ones and of the others: more fits into no answer. */
const KEPT_CHARACTERS_MAX = 1024 * 1024;
/** Actions that are told last, since they are what everybody expects. */
export const QUIET_ACTIONS: readonly PlanAction[] = ['unchanged', 'create'];

/** When an item is restored: its wave, and its place among the items of the wave. */
export interface PlanPlace {
  readonly wave: number;
  readonly place: number;
}

/** Counts the items of a plan, and keeps as many of them as could be told. */
export class PlanTally {
  readonly #counts = new Map<PlanAction, number>();
  readonly #kept: { readonly item: PlannedItem; readonly at: PlanPlace }[] = [];
  readonly #characters = { quiet: 0, loud: 0 };

  /** Adds an item; they may come in any order. */
  add(item: PlannedItem, at: PlanPlace): void {
    this.#counts.set(item.action, (this.#counts.get(item.action) ?? 0) + 1);
    const side = QUIET_ACTIONS.includes(item.action) ? 'quiet' : 'loud';
    const characters = this.#characters[side] + JSON.stringify(item).length;
    if (characters <= KEPT_CHARACTERS_MAX) {
      this.#characters[side] = characters;
      this.#kept.push({ item, at });
    }
  }

  get counts(): PlanCounts {
    return { ...NO_PLAN_COUNTS, ...Object.fromEntries(this.#counts) };
  }

  /** What was kept, in the order in which it is restored. */
  items(): PlannedItem[] {
    return this.#kept
      .sort(({ at: left }, { at: right }) => left.wave - right.wave || left.place - right.place)
      .map(({ item }) => item);
  }
}

/** The counts in words: `3 create, 1 blocked`. */
export function countsText(counts: Partial<PlanCounts>): string {
  const words = PLAN_ACTIONS.flatMap((action) => {
    const count = counts[action] ?? 0;
    return count === 0 ? [] : [`${String(count)} ${action}`];
  });
  return words.length === 0 ? 'nothing' : words.join(', ');
}
