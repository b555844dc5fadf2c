import { expect, test } from 'vitest';

import { canonicalJson } from '../../domain/canonical-json.ts';
import { copyOf, isExactNumber, isSameScalar, parseExact } from '../../domain/exact-number.ts';
import { updatePatch } from '../../domain/restore/merge-patch.ts';
import { objectDiff } from '../../domain/restore/object-diff.ts';
import type { KubernetesObject } from '../../domain/item.ts';

test.each([
  { json: '9007199254740993', isExact: true },
  { json: '-9223372036854775808', isExact: true },
  { json: '9007199254740992', isExact: false },
  { json: '0.12345678901234567', isExact: true },
  { json: '1.5', isExact: false },
  { json: '"9007199254740993"', isExact: false },
])('$json is written as it was read', ({ json, isExact }) => {
  const value = parseExact(json);
  expect(isExactNumber(value)).toBe(isExact);
  expect(JSON.stringify(copyOf({ deep: [value] }))).toBe(`{"deep":[${json}]}`);
  expect(canonicalJson({ b: value, a: 1 })).toBe(`{"a":1,"b":${json}}`);
});

test('a number in another spelling that loses nothing is an ordinary one', () => {
  expect(parseExact('[1.0, 1e3, 1234567890123456]')).toEqual([1, 1000, 1_234_567_890_123_456]);
});

test('a copy can be changed without the value that it was made of', () => {
  const value = { list: [{ a: 1 }] };
  const copy = copyOf(value);
  copy.list.push({ a: 2 });
  Object.assign(copy.list[0] ?? {}, { a: 3 });
  expect(value).toEqual({ list: [{ a: 1 }] });
});

/** A custom resource with a number that JavaScript would make another one of. */
function sized(size: string): KubernetesObject {
  // The text is that of an object.
  return parseExact(`{"metadata":{"name":"x"},"spec":{"size":${size}}}`) as KubernetesObject;
}

test('objects whose numbers differ in a digit that JavaScript does not hold differ', () => {
  const [live, same, other] = [
    sized('9007199254740993'),
    sized('9007199254740993'),
    sized('9007199254740992'),
  ];
  expect(updatePatch(live, same)).toBeUndefined();
  expect(objectDiff(live, same)).toEqual([]);

  expect(updatePatch(live, sized('9007199254740995'))).toBeDefined();
  expect(updatePatch(live, other)).toEqual({
    spec: { size: 9_007_199_254_740_992 },
  });
  expect(JSON.stringify(objectDiff(other, live))).toBe(
    '[{"path":"/spec/size","op":"replace","from":9007199254740992,"to":9007199254740993}]',
  );
  expect(isSameScalar('1', 1)).toBe(false);
});
