import { compareText } from '../../domain/compare-text.ts';
import { Failure } from '../../domain/failure.ts';

/** Pages that are looked through for those who want, or may see, few of what there is. */
const PAGES_MAX = 20;
/** Things of such a page. */
const SEARCH_PAGE = 500;
/** The most that is put into another order than that of the names: each has to be read for that, for each page. */
const ORDERED_MAX = 50_000;

export const ORDERS = ['name', '-name', 'createdAt', '-createdAt'] as const;
export type Order = (typeof ORDERS)[number];

/** What has a place in a list. */
export interface Listed {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string };
}

/** Part of a list, and where the next one begins; undefined at the end. */
export interface Part<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
}

/** A list in the order of names, from which a part is wanted. */
export interface Walk<Item> {
  readonly read: (after: string, limit: number) => Promise<Part<Item>>;
  /** Those that are wanted, and may be seen. */
  readonly keep: (items: readonly Item[]) => Promise<readonly Item[]>;
  readonly order: Order;
  readonly limit: number;
  /** Where the part before it ended, as it said. */
  readonly after: string | undefined;
}

/**
 * Part of a list in memory that does not grow with the list. As far as it can be had it is as full as is wanted. Throws
 * `invalid-request` for an order of more than can be put in order.
 */
export function walkList<Item extends Listed>(walk: Walk<Item>): Promise<Part<Item>> {
  return walk.order === 'name' ? byName(walk) : ordered(walk);
}

async function byName<Item extends Listed>(walk: Walk<Item>): Promise<Part<Item>> {
  const { read, keep, limit, after = '' } = walk;
  let part = await read(after, limit);
  const items = [...(await keep(part.items))];
  for (let pages = 1; items.length < limit && pages < PAGES_MAX; pages++) {
    if (part.next === undefined) {
      break;
    }
    part = await read(part.next, SEARCH_PAGE);
    items.push(...(await keep(part.items)));
  }
  const isMore = items.length > limit || part.next !== undefined;
  // A place is told by what the reader sees, as far as that can be.
  const last = items.length < limit ? part.next : items[limit - 1]?.metadata.name;
  return { items: items.slice(0, limit), next: isMore ? last : undefined };
}

async function ordered<Item extends Listed>(walk: Walk<Item>): Promise<Part<Item>> {
  const { read, keep, limit, after, order } = walk;
  const compare = comparison(order);
  const begin = after === undefined ? undefined : placeOfText(after);
  let best: Item[] = [];
  let count = 0;
  let next: string | undefined = '';
  while (next !== undefined) {
    const part: Part<Item> = await read(next, SEARCH_PAGE);
    count += part.items.length;
    if (count > ORDERED_MAX) {
      const text = `orderBy=${order} puts ${String(ORDERED_MAX)} in order at most, and there are more; leave it out`;
      throw new Failure('invalid-request', text, { subject: 'orderBy' });
    }
    const later = part.items.filter(
      (item) => begin === undefined || compare(placeOfItem(item), begin) > 0,
    );
    best.push(...(await keep(later)));
    best = best.sort((a, b) => compare(placeOfItem(a), placeOfItem(b))).slice(0, limit + 1);
    next = part.next;
  }
  const last = best.length > limit ? best[limit - 1] : undefined;
  return { items: best.slice(0, limit), next: last && textOfPlace(placeOfItem(last)) };
}

interface Place {
  readonly createdMs: number;
  readonly name: string;
}

type Comparison = (left: Place, right: Place) => number;

function comparison(order: Order): Comparison {
  const byText: Comparison = (left, right) => compareText(left.name, right.name);
  const byTime: Comparison = (left, right) =>
    left.createdMs - right.createdMs || byText(left, right);
  const compare = order.endsWith('createdAt') ? byTime : byText;
  return order.startsWith('-') ? (left, right) => -compare(left, right) : compare;
}

function placeOfItem({ metadata }: Listed): Place {
  return { createdMs: Date.parse(metadata.creationTimestamp), name: metadata.name };
}

function textOfPlace({ createdMs, name }: Place): string {
  return `${String(createdMs)}/${name}`;
}

function placeOfText(text: string): Place {
  const slash = text.indexOf('/');
  return { createdMs: Number(text.slice(0, slash)), name: text.slice(slash + 1) };
}
