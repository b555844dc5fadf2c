import { expect, it } from 'vitest';

import { parseExact } from '../../domain/exact-number.ts';
import { fields, isMapping } from '../../domain/fields.ts';

it('takes an object alone for a mapping, and no list and no number of many digits', () => {
  const [number] = parseExact('[12345678901234567890]') as unknown[];

  expect([{}, { a: 1 }].every(isMapping)).toBe(true);
  expect([undefined, null, [], 'a', 1, number].some(isMapping)).toBe(false);
  expect(fields(number)).toEqual({});
});
