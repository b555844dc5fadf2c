import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  globError,
  isPattern,
  matchesPattern,
  patternError,
} from '../../../domain/selection/name-pattern.ts';

/** Elements of patterns, each with what it means as a regular expression: the slow reference. */
const ELEMENTS = [
  ...[['*', '.*'] as const, ['?', '.'] as const, ['a', 'a'] as const, ['-', '-'] as const],
  ...['[ab]', '[a-c]', '[^a]', '[^b-d1]'].map((set) => [set, set] as const),
];
const patterns = fc.array(fc.constantFrom(...ELEMENTS), { minLength: 1, maxLength: 6 });
const names = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', '-', '1'), maxLength: 7 });

test.each<[string, string, boolean]>([
  ['*', 'shop', true],
  ['shop', 'shop', true],
  ['shop', 'shop-2', false],
  ['team-*', 'team-', true],
  ['team-*', 'my-team-a', false],
  ['*-prod', 'shop-prod', true],
  ['*-prod', 'shop-prod-2', false],
  ['team-?', 'team-a', true],
  ['team-?', 'team-', false],
  ['team-[ab]', 'team-b', true],
  ['team-[ab]', 'team-c', false],
  ['team-[a-c]', 'team-b', true],
  ['team-[^a]', 'team-a', false],
  ['team-[^a]', 'team-b', true],
  ['a.c*', 'abcd', false],
  // These are refused where a request is checked; what slips by matches nothing.
  ['team-[a', 'team-a', false],
  ['team-[]a]', 'team-a', false],
  ['team-[a-]', 'team-a', false],
])('the pattern "%s" decides about "%s": %s', (pattern, name, isMatch) => {
  expect(matchesPattern(pattern, name)).toBe(isMatch);
});

test('a pattern matches what a regular expression of the same meaning matches', () => {
  fc.assert(
    fc.property(patterns, names, (elements, name) => {
      const pattern = elements.map(([text]) => text).join('');
      const expression = new RegExp(`^${elements.map(([, meaning]) => meaning).join('')}$`);
      expect(matchesPattern(pattern, name)).toBe(expression.test(name));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern with many stars takes no longer than others', () => {
  // A matcher that tries each way to divide the name among the stars does not come to an end here.
  expect(matchesPattern(`${'a*'.repeat(40)}b`, 'a'.repeat(63))).toBe(false);
});

test('a name with wildcards is a pattern, and any other is not', () => {
  expect(['*', 'a*', 'a?', '[ab]'].every(isPattern)).toBe(true);
  expect(['shop', 'a.b', 'a+', ''].some(isPattern)).toBe(false);
});

test.each(['*', 'shop', 'team-*', '*-a', 'a?c', '[abc]-x', '[^a]', '[a-c0-9]*', 'a'.repeat(63)])(
  'the namespace "%s" is accepted',
  (text) => {
    expect(patternError(text)).toBeUndefined();
  },
);

test.each([
  ...['**', 'a|b', '(a', 'a)', '!a', '{a', 'a}', 'a,b', 'a[', 'a]', '[]', '[^]', '[a', 'a\\*'],
  ...['[a-]', '[-a]', '[c-a]', '[[a]', '', 'Shop', 'a.b', 'a_b', '-a', 'a-', 'a/b'],
  ...['a'.repeat(64), `${'[ab]'.repeat(64)}*`],
])('the namespace "%s" is refused with the reason', (text) => {
  expect(patternError(text)).toMatch(/^has .*; .+/);
});

test('names of other objects may have dots and colons', () => {
  expect(globError('system:controller.*')).toBeUndefined();
  expect(globError('system:{a}')).toContain('"{"');
});
