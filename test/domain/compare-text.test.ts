import fc from 'fast-check';
import { expect, it } from 'vitest';

import { compareText } from '../../domain/compare-text.ts';

it('orders texts as sort does by itself', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
      expect(texts.toSorted((left, right) => compareText(left, right))).toEqual(texts.toSorted());
    }),
  );
});

it('takes a text that is missing for an empty one', () => {
  expect(compareText(undefined, '')).toBe(0);
  expect(compareText(undefined, 'a')).toBeLessThan(0);
  expect(compareText('a')).toBeGreaterThan(0);
});
