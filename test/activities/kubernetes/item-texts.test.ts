import fc from 'fast-check';
import { expect, test } from 'vitest';

import { itemTexts } from '../../../activities/kubernetes/item-texts.ts';

// Goal: each item of a list is found in the server's text, whatever it holds. Method: any JSON as items.

function listOf(items: readonly unknown[]): string {
  return JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata: { continue: 'a' }, items });
}

test('the items of any list are found in its text', () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), (items) => {
      const texts = itemTexts(listOf(items), items.length);
      expect(texts).toEqual(items.map((item) => JSON.stringify(item)));
    }),
    { numRuns: 500 },
  );
});

test.each([
  { what: 'quotes', value: 'say "hello"' },
  { what: 'a backslash at the end', value: 'C:\\' },
  { what: 'brackets', value: '}{][","items":[' },
])('$what in a string end no item', ({ value }) => {
  const items = [{ value }, { [value]: { value } }];
  expect(itemTexts(listOf(items), 2)).toEqual(items.map((item) => JSON.stringify(item)));
});

test('a number that JavaScript does not hold exactly stays what it is', () => {
  const item = '{"spec":{"serial":9007199254740993}}';
  expect(itemTexts(`{"items":[${item}]}`, 1)).toEqual([item]);
});

test('a list whose items are elsewhere, or of another number, is not cut', () => {
  expect(itemTexts('{"kind":"List"}', 1)).toBeUndefined();
  expect(itemTexts(listOf([{}, {}]), 1)).toBeUndefined();
  expect(itemTexts(listOf([{}]), 2)).toBeUndefined();
});
