import { setImmediate as letOthersRun } from 'node:timers/promises';

import type { IndexItem, IndexLine } from '../../domain/backup-index.ts';
import type { BackupIndex } from '../../storage/format/held-index.ts';
import { type ItemFilter, typeTest } from './item-filter.ts';

/** Items that are looked at in one go; other requests get their turn then. */
const ITEMS_IN_ONE_GO = 2000;

export interface ItemPage {
  readonly items: readonly IndexItem[];
  /** Place of the first item behind the page in the index; left out when there is none. */
  readonly next?: number;
  /** Items behind the page; left out where only looking at them tells. */
  readonly remaining?: number;
}

export interface PageQuery {
  readonly filter: ItemFilter;
  readonly limit: number;
  /** Place in the index. */
  readonly from: number;
}

/** One page of the items that a filter accepts, in the order of the index. */
export async function pageOf(
  index: BackupIndex,
  { filter, limit, from }: PageQuery,
): Promise<ItemPage> {
  const items: IndexItem[] = [];
  for await (const { item, place } of itemsOf(index, filter, from)) {
    if (items.length === limit) {
      const remaining =
        filter.acceptsItem === undefined ? index.count(filter.acceptsRun, place) : undefined;
      return { items, next: place, ...(remaining === undefined ? {} : { remaining }) };
    }
    items.push(item);
  }
  return { items };
}

/** One object of a backup, by names that people use. */
export interface WantedItem {
  /** Plural, kind or `resource.group`. */
  readonly type: string;
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
  /** The preferred one when left out. */
  readonly version?: string | undefined;
}

/** The first line of an index that is of a wanted object; undefined if there is none. */
export async function findLine(
  index: BackupIndex,
  { type, namespace, name, version }: WantedItem,
): Promise<IndexLine | undefined> {
  const acceptsType = typeTest(type);
  const filter: ItemFilter = {
    acceptsRun: (run) => run.namespace === namespace && acceptsType(run.type),
    acceptsItem: (item) =>
      item.name === name &&
      (version === undefined ? item.isOtherVersion !== true : item.version === version),
  };
  for await (const { item, member } of itemsOf(index, filter, 0)) {
    return { ...item, member };
  }
  return undefined;
}

async function* itemsOf(
  index: BackupIndex,
  { acceptsRun, acceptsItem = () => true }: ItemFilter,
  from: number,
): AsyncGenerator<{ item: IndexItem; place: number; member: IndexLine['member'] }> {
  let seen = 0;
  for await (const run of index.runs(acceptsRun, from)) {
    for (const [offset, item] of run.items().entries()) {
      const place = run.first + offset;
      if (place >= from && acceptsItem(item)) {
        yield { item, place, member: run.member };
      }
    }
    seen += run.count;
    if (seen >= ITEMS_IN_ONE_GO) {
      seen = 0;
      await letOthersRun();
    }
  }
}
