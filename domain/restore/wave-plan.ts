import type { IndexLine } from '../backup-index.ts';
import { isCustom } from '../built-in-groups.ts';
import { itemText } from '../item.ts';
import {
  keyBelow,
  type OrderKey,
  orderOwners,
  OWNER_LEVELS_MAX,
  type OwnerCycles,
  type OwnerNode,
} from './owner-order.ts';
import { CLAIMS } from '../selection/related-items.ts';
import type { RestoreOrder } from './restore-order.ts';

/**
 * The waves of a restore with their sub levels: a custom resource comes after its owners among the custom resources.
 * An owned item of a wave that also holds its owner is in `custom 2`, what that owns in `custom 3`.
 */
export class WavePlan {
  /** Names of the waves, in order. */
  readonly waves: readonly string[];
  readonly cycles: OwnerCycles;
  readonly #order: RestoreOrder;
  readonly #keys: ReadonlyMap<string, OrderKey>;
  /** Where each wave of the order begins among the waves with sub levels. */
  readonly #starts: readonly number[];
  readonly #levels: readonly number[];

  constructor(order: RestoreOrder, owners: Iterable<OwnerNode>) {
    const { keys, cycles } = orderOwners(owners);
    const levels = order.waves.map(() => 1);
    for (const { position, level } of keys.values()) {
      // One more for what the item owns.
      levels[position] = Math.max(levels[position] ?? 1, Math.min(level + 2, OWNER_LEVELS_MAX));
    }
    const starts: number[] = [];
    let start = 0;
    for (const count of levels) {
      starts.push(start);
      start += count;
    }
    this.waves = order.waves.flatMap((name, position) =>
      Array.from({ length: levels[position] ?? 1 }, (_, level) =>
        level === 0 ? name : `${name} ${String(level + 1)}`,
      ),
    );
    this.cycles = cycles;
    this.#order = order;
    this.#keys = keys;
    this.#starts = starts;
    this.#levels = levels;
  }

  /** The wave of an item, as a position in `waves`. */
  positionOf(line: IndexLine): number {
    const { position, level } = this.#keyOf(line);
    const last = (this.#levels[position] ?? 1) - 1;
    return (this.#starts[position] ?? 0) + Math.min(level, last);
  }

  /** The first wave that comes after the data of claims is there: the one with pods, unless claims come even later. */
  get afterClaims(): number {
    const startOf = (resource: string): number =>
      this.#starts[this.#order.positionOf({ group: '', resource })] ?? 0;
    return Math.max(startOf('pods'), startOf(CLAIMS) + 1);
  }

  /** Whether an item is so far below its owners that it shares its sub level with one of them. */
  isTooDeep(line: IndexLine): boolean {
    return this.#keyOf(line).level >= OWNER_LEVELS_MAX;
  }

  #keyOf(line: IndexLine): OrderKey {
    const position = this.#order.positionOf(line);
    return this.#keys.size > 0 && isCustom(line)
      ? (this.#keys.get(line.uid) ?? keyBelow(position, line.owners ?? [], this.#keys))
      : { position, level: 0 };
  }
}

/** An item of a backup as one that others may name as their owner. */
export function ownerNode(order: RestoreOrder, line: IndexLine): OwnerNode {
  const { uid, owners = [] } = line;
  return { uid, owners, position: order.positionOf(line), text: itemText(line) };
}
