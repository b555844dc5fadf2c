import { expect, test } from 'vitest';

import { placeOf, tokenFor } from '../../../api/lists/page-token.ts';
import { type Listed, type Order, type Part, walkList } from '../../../api/lists/walk.ts';
import { Failure } from '../../../domain/failure.ts';

// Goal: whatever is wanted of a long list, and in whichever order, comes page by page, each once, in memory that does not
// grow with the list. Method: a list of 2,000 of which the times go another way than the names.

const COUNT = 2000;

interface Thing extends Listed {
  readonly isWanted: boolean;
}

function thing(index: number): Thing {
  // Every 7th time is there twice.
  const second = (index * 7919) % COUNT;
  return {
    metadata: {
      name: `n${String(index).padStart(5, '0')}`,
      creationTimestamp: new Date((second - Number(second % 7 === 0)) * 1000).toISOString(),
    },
    isWanted: index % 100 === 0,
  };
}

const ALL = Array.from({ length: COUNT }, (_, index) => thing(index));

function listOf(all: readonly Thing[]) {
  const reads: number[] = [];
  const read = (after: string, limit: number): Promise<Part<Thing>> => {
    reads.push(limit);
    const later = all.filter(({ metadata }) => metadata.name > after);
    const items = later.slice(0, limit);
    return Promise.resolve({
      items,
      next: later.length > limit ? items.at(-1)?.metadata.name : undefined,
    });
  };
  return { reads, read };
}

const ALL_WANTED = (items: readonly Thing[]): Promise<readonly Thing[]> => Promise.resolve(items);
const FEW_WANTED = (items: readonly Thing[]): Promise<readonly Thing[]> =>
  Promise.resolve(items.filter(({ isWanted }) => isWanted));

/** All pages of a list, one after the other. */
async function pages(order: Order, limit: number, keep = ALL_WANTED): Promise<string[][]> {
  const { read } = listOf(ALL);
  const found: string[][] = [];
  let after: string | undefined;
  do {
    const { items, next } = await walkList({ read, keep, order, limit, after });
    found.push(items.map(({ metadata }) => metadata.name));
    after = next;
  } while (after !== undefined);
  return found;
}

function timeOf(name: string): number {
  return Date.parse(thing(Number(name.slice(1))).metadata.creationTimestamp);
}

test.each(['name', '-name', 'createdAt', '-createdAt'] as const)(
  'a list in the order %s has each once, and is in it',
  async (order) => {
    const found = await pages(order, 300);
    expect(found.map(({ length }) => length)).toEqual([300, 300, 300, 300, 300, 300, 200]);
    const names = found.flat();
    expect(new Set(names).size).toBe(COUNT);
    const keys = order.endsWith('name') ? names : names.map(timeOf);
    const sorted = keys.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
    expect(keys).toEqual(order.startsWith('-') ? sorted.reverse() : sorted);
  },
);

test.each(['name', 'createdAt'] as const)(
  'who wants few of many gets full pages in the order %s, and a place of their own',
  async (order) => {
    const { read, reads } = listOf(ALL);
    const { items, next } = await walkList({
      ...{ read, keep: FEW_WANTED, order, limit: 3, after: undefined },
    });
    expect(items).toHaveLength(3);
    expect(next).toContain(items.at(-1)?.metadata.name);
    expect(Math.max(...reads)).toBe(500);
    expect((await pages(order, 3, FEW_WANTED)).flat()).toHaveLength(COUNT / 100);
  },
);

test('what is too much to be put in order is refused', async () => {
  const { read } = listOf([]);
  const endless = async (after: string, limit: number): Promise<Part<Thing>> => {
    await read(after, limit);
    return { items: ALL.slice(0, limit), next: 'more' };
  };
  const asked = { keep: FEW_WANTED, order: '-createdAt', limit: 1, after: undefined } as const;
  await expect(walkList({ read: endless, ...asked })).rejects.toThrow('50000 in order at most');
});

test('a token is one of the list that it was given for', () => {
  const question = { order: 'name', phase: 'Completed', namespace: undefined };
  const token = tokenFor(question, 'a.b');
  expect(placeOf({ phase: 'Completed', order: 'name' }, token)).toBe('a.b');
  for (const [other, sent] of [
    [{ ...question, phase: 'Failed' }, token],
    [{ ...question, namespace: 'shop' }, token],
    [question, 'YQ'],
    [question, `${token}!`],
  ] as const) {
    expect(() => placeOf(other, sent)).toThrow(Failure);
  }
});
