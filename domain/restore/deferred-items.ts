import type { IndexLine } from '../backup-index.ts';
import { groupResource } from '../item.ts';
import type { AppliedItem } from './restore-outcome.ts';

/** An item of a restore that was put aside. */
export interface DeferredItem {
  readonly line: IndexLine;
  readonly wave: number;
  /** What its first try came to. */
  readonly outcome: AppliedItem;
}

/** Why an item failed that a restore has put aside, beside what was last said against it. */
export const ENDED_EARLY =
  'it was put aside, and the restore ended before it was tried for the last time';

/** What one more try came to; `isPassing`: yet another may do better. */
export interface DeferredTry {
  readonly outcome: AppliedItem;
  readonly isPassing: boolean;
}

interface Group {
  readonly wave: number;
  /** In the cluster; empty for items that have none. */
  readonly namespace: string;
  /** Those that were not tried for the longest time come first. */
  readonly pending: Set<DeferredItem>;
  /** Whether the last try of one of them was the last that it needs. */
  isOpen: boolean;
}

/**
 * The items that a restore has put aside, and what became of them. What keeps one item of a type in a namespace mostly
 * keeps all of them, so one of each such group is tried, each time another, and the rest when that was taken.
 */
export class DeferredItems {
  #settled: AppliedItem[] = [];
  readonly #groups: readonly Group[];
  readonly #groupOf = new Map<DeferredItem, Group>();
  readonly #last = new Map<DeferredItem, AppliedItem>();

  constructor(items: readonly DeferredItem[]) {
    const groups = new Map<string, Group>();
    for (const item of items) {
      const { line, wave } = item;
      const { namespace } = item.outcome;
      const key = `${String(wave)} ${groupResource(line)} ${namespace}`;
      const group = groups.get(key) ?? { wave, namespace, pending: new Set(), isOpen: false };
      groups.set(key, group);
      group.pending.add(item);
      this.#groupOf.set(item, group);
    }
    this.#groups = [...groups.values()].sort((left, right) => left.wave - right.wave);
  }

  /** Outcomes of the items that need no other try. */
  get settled(): readonly AppliedItem[] {
    return this.#settled;
  }

  /** Replaces the outcomes of the items that need no other try. */
  revise(settled: readonly AppliedItem[]): void {
    this.#settled = [...settled];
  }

  /** Items that wait for another try. */
  get size(): number {
    return this.#groups.reduce((sum, { pending }) => sum + pending.size, 0);
  }

  /** The item that comes first among those that wait. */
  get first(): DeferredItem | undefined {
    return this.pendingOf(undefined)[0];
  }

  /** Waves that have items which wait, in their order. */
  get waves(): readonly number[] {
    const waiting = this.#groups.filter(({ pending }) => pending.size > 0);
    return [...new Set(waiting.map(({ wave }) => wave))];
  }

  /** One item of each group of a wave. */
  probesOf(wave: number): DeferredItem[] {
    return this.#of(wave).flatMap(({ pending }) => [...pending].slice(0, 1));
  }

  /** All items of the groups of a wave whose last try was the last that its item needs. */
  openOf(wave: number): DeferredItem[] {
    return this.#of(wave)
      .filter(({ isOpen }) => isOpen)
      .flatMap(({ pending }) => [...pending]);
  }

  /** All items of a wave that wait; of all waves if none is given. */
  pendingOf(wave: number | undefined): DeferredItem[] {
    return this.#of(wave).flatMap(({ pending }) => [...pending]);
  }

  /** Keeps what a try came to. A failure counts once nothing that the item may need waits any longer. */
  note(item: DeferredItem, { outcome, isPassing }: DeferredTry): void {
    const group = this.#groupOf.get(item);
    group?.pending.delete(item);
    const isSettled = !isPassing && (outcome.verb !== 'failed' || !this.#hasNeedOf(item));
    if (isSettled) {
      this.#settled.push(outcome);
    } else {
      group?.pending.add(item);
      this.#last.set(item, outcome);
    }
    if (group !== undefined) {
      group.isOpen = isSettled;
    }
  }

  /** One outcome of each item; those that still wait have failed, and the words say why they wait no longer. */
  outcomes(words: string): AppliedItem[] {
    const failed = this.pendingOf(undefined).map((item) => {
      const last = this.#last.get(item) ?? item.outcome;
      return { ...last, reason: `${last.reason ?? ''}; ${words}` };
    });
    return [...this.#settled, ...failed];
  }

  /** Whether an item of an earlier wave waits that may be needed: one of the namespace, or one without a namespace. */
  #hasNeedOf({ wave, outcome: { namespace } }: DeferredItem): boolean {
    return this.#groups.some(
      (group) =>
        group.wave < wave &&
        group.pending.size > 0 &&
        (group.namespace === '' || group.namespace === namespace),
    );
  }

  #of(wave: number | undefined): readonly Group[] {
    return this.#groups.filter((group) => wave === undefined || group.wave === wave);
  }
}
