import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  type LabelRequirement,
  labelSelectorErrors,
  type LabelSelector,
  matchesLabels,
  parseLabelSelector,
  selectorQuery,
} from '../../../domain/selection/label-selector.ts';

const KEYS = ['a', 'b', 'in', 'constructor', 'example.com/role'];
const VALUES = ['', 'x', 'y', 'notin'];

const labelSets = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES));
const requirements = fc.oneof(
  fc.record({
    key: fc.constantFrom(...KEYS),
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.array(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    key: fc.constantFrom(...KEYS),
    operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
  }),
);
const selectors: fc.Arbitrary<LabelSelector> = fc.record(
  { matchLabels: labelSets, matchExpressions: fc.array(requirements, { maxLength: 3 }) },
  { requiredKeys: [] },
);

function withExpression(operator: LabelRequirement['operator'], ...values: string[]) {
  return { matchExpressions: [{ key: 'a', operator, values }] };
}

test.each<[LabelSelector, Record<string, string> | undefined, boolean]>([
  [{}, undefined, true],
  [{ matchLabels: { a: 'x' } }, { a: 'x', b: 'y' }, true],
  [{ matchLabels: { a: 'x' } }, { a: 'y' }, false],
  [{ matchLabels: { a: 'x', b: 'y' } }, { a: 'x' }, false],
  [{ matchLabels: { a: '' } }, {}, false],
  [withExpression('In', 'x', 'y'), { a: 'y' }, true],
  [withExpression('In', 'x', 'y'), {}, false],
  [withExpression('NotIn', 'x'), { a: 'y' }, true],
  [withExpression('NotIn', 'x'), { a: 'x' }, false],
  [withExpression('NotIn', 'x'), undefined, true],
  [withExpression('Exists'), { a: '' }, true],
  [withExpression('Exists'), {}, false],
  [withExpression('DoesNotExist'), {}, true],
  [withExpression('DoesNotExist'), { a: '' }, false],
  [{ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, {}, false],
])('%o decides about %o as the API server does: %s', (selector, labels, isMatch) => {
  expect(matchesLabels(selector, labels)).toBe(isMatch);
});

test('a selector is written as the API server reads it', () => {
  const selector: LabelSelector = {
    matchLabels: { a: 'b' },
    matchExpressions: [
      { key: 'c', operator: 'In', values: ['y', 'x', 'y'] },
      { key: 'd', operator: 'NotIn', values: ['z'] },
      { key: 'e', operator: 'Exists' },
      { key: 'f', operator: 'DoesNotExist' },
      { key: 'g', operator: 'In', values: [''] },
      { key: 'h', operator: 'In', values: ['x', ''] },
    ],
  };
  expect(selectorQuery(selector)).toBe('a=b,c in (x,y),d notin (z),e,!f,g in (,),h in (,x)');
  expect(selectorQuery({})).toBe('');
});

test('a selector that was written and read matches what it matched', () => {
  fc.assert(
    fc.property(selectors, labelSets, (selector, labels) => {
      const read = parseLabelSelector(selectorQuery(selector));
      expect(matchesLabels(read, labels)).toBe(matchesLabels(selector, labels));
      expect(labelSelectorErrors(read, '/spec/labelSelector')).toEqual([]);
    }),
  );
});

test.each<[string, LabelSelector]>([
  ['', {}],
  ['a=b', { matchLabels: { a: 'b' } }],
  [' a == b , c = ', { matchLabels: { a: 'b', c: '' } }],
  ['a=b,a=c', { matchLabels: { a: 'b' }, ...withExpression('In', 'c') }],
  ['a!=b', withExpression('NotIn', 'b')],
  ['a in(x, y)', withExpression('In', 'x', 'y')],
  ['a notin (x)', withExpression('NotIn', 'x')],
  ['a', { matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
  ['! a', { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }],
])('the text "%s" is read as kubectl reads it', (text, selector) => {
  expect(parseLabelSelector(text)).toEqual(selector);
});

test.each<[string, string]>([
  ['a=b,', 'part ""'],
  ['a=b c', 'part "a=b c"'],
  ['ok=yes,a>1', 'part "a>1"'],
  ['a in (x', 'part "a in (x"'],
  ['a in ()', 'part "a in ()"'],
  ['a in x', 'part "a in x"'],
  ['a=-x', 'the value "-x"'],
  ['-a=x', 'the key "-a"'],
  [`a=${'x'.repeat(64)}`, 'at most 63 characters'],
  ['Upper/a=x', 'a DNS name in lower case'],
])('the text "%s" is refused, and its wrong part is named', (text, named) => {
  expect(() => parseLabelSelector(text)).toThrow(
    expect.objectContaining({
      code: 'invalid-request',
      message: expect.stringContaining(named) as string,
    }),
  );
});

test('every fault of a selector is told at once, each with its pointer', () => {
  const selector: LabelSelector = {
    matchLabels: { 'example.com/ro le': 'x', ok: 'no way' },
    matchExpressions: [
      { key: '', operator: 'In', values: [] },
      { key: 'a', operator: 'Exists', values: ['x'] },
      { key: 'a', operator: 'NotIn', values: ['x', '.y'] },
      { key: 'a', operator: 'DoesNotExist', values: [] },
    ],
  };
  const errors = labelSelectorErrors(selector, '/spec/labelSelector');
  expect(errors.map(({ pointer }) => pointer)).toEqual([
    '/spec/labelSelector/matchLabels/example.com~1ro le',
    '/spec/labelSelector/matchLabels/ok',
    '/spec/labelSelector/matchExpressions/0',
    '/spec/labelSelector/matchExpressions/0',
    '/spec/labelSelector/matchExpressions/1',
    '/spec/labelSelector/matchExpressions/2',
  ]);
  for (const { pointer, code, detail } of errors) {
    expect(code).toBe('invalid-request');
    expect(detail.startsWith(`${pointer} has `)).toBe(true);
  }
});
