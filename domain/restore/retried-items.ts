import type { IndexLine } from '../backup-index.ts';
import type { RestoreSpec } from '../restore.ts';
import type { RestoreOutcome } from './restore-outcome.ts';
import { targetItem } from './target-item.ts';

/** What an earlier restore says of one of its items, as far as it decides whether that is tried again. */
export type TriedItem = Pick<
  RestoreOutcome,
  'group' | 'kind' | 'namespace' | 'name' | 'verb' | 'awaitsOwners' | 'isAdded'
>;

/** What a line says of the item that it stands for. */
export type NamedItem = Pick<IndexLine, 'group' | 'resource' | 'kind' | 'namespace' | 'name'>;

/**
 * The items that a restore tries again: those that an earlier one has failed at or not reached, or to which it has not
 * given their owners. If that tried an earlier one again itself and was not able to reach all, its own items do not say
 * what it would have tried, and those of the earlier one are added. Holds the name of each item that is left, and of an
 * earlier restore that did not get to its end of each that it dealt with.
 */
export class RetriedItems {
  /** Uids of the restores that are tried again. */
  readonly runUids: string[] = [];
  readonly #spec: RestoreSpec;
  #reach: 'all' | 'some' = 'some';
  /** Undefined while a restore of which nothing is known may have left any item undone. */
  #left: ItemNames | undefined;
  readonly #done = new ItemNames();
  readonly #added = new ItemNames();

  constructor(spec: RestoreSpec) {
    this.#spec = spec;
  }

  /** Begins with a restore; the latest comes first, and one that reached all of its items is the last. */
  begin({ runUid, reach }: { readonly runUid: string; readonly reach: 'all' | 'some' }): void {
    this.runUids.push(runUid);
    this.#reach = reach;
    if (reach === 'all') {
      this.#left = new ItemNames();
    }
  }

  /** Adds what that restore says of some of its items. */
  add(items: readonly TriedItem[]): void {
    for (const item of items) {
      if (item.isAdded === true && isLeft(item)) {
        this.#added.add(item);
      }
      if (this.#reach === 'all' && isLeft(item)) {
        this.#left?.add(item);
      } else if (this.#reach === 'some' && !isLeft(item)) {
        this.#done.add(item);
      }
    }
  }

  /** Whether there is surely nothing to try again. */
  get isEmpty(): boolean {
    return this.#left?.isEmpty === true;
  }

  has(item: NamedItem): boolean {
    const target = { ...item, ...targetItem(item, this.#spec) };
    return this.#left?.has(target) !== false && !this.#done.has(target);
  }

  /** Whether a plugin has added an item that is left, which the request need not select. */
  hasAdded(item: NamedItem): boolean {
    return this.#added.has({ ...item, ...targetItem(item, this.#spec) });
  }
}

function isLeft({ verb, awaitsOwners }: TriedItem): boolean {
  return verb === 'failed' || awaitsOwners === true;
}

type ItemName = Pick<NamedItem, 'group' | 'kind' | 'namespace' | 'name'>;

/**
 * Items by name, without the version, in which an item may be restored another time. Holds the names alone for each
 * kind and namespace: a third of what one key for each item takes.
 */
class ItemNames {
  readonly #names = new Map<string, Set<string>>();

  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  add(item: ItemName): void {
    const place = placeOf(item);
    const names = this.#names.get(place) ?? new Set();
    this.#names.set(place, names.add(item.name));
  }

  has(item: ItemName): boolean {
    return this.#names.get(placeOf(item))?.has(item.name) === true;
  }
}

function placeOf({ group, kind, namespace }: ItemName): string {
  return `${group}/${kind} ${namespace}`;
}
