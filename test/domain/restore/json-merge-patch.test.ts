import { expect, test } from 'vitest';

import { parseExact } from '../../../domain/exact-number.ts';
import { applyMergePatch, mergePatchTo } from '../../../domain/restore/json-merge-patch.ts';

// Goal: a merge patch does what RFC 7386 says; the rows are those of its appendix A, and some more.

test.each([
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['{"a":"foo"}', '{"a":{"b":1}}', '{"a":{"b":1}}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  [
    '{"a":12345678901234567890}',
    '{"b":98765432109876543210}',
    '{"a":12345678901234567890,"b":98765432109876543210}',
  ],
  ['{"a":12345678901234567890}', '{"a":{"b":1}}', '{"a":{"b":1}}'],
  [
    '{"a":1,"b":{"c":2,"d":3},"list":[1,2]}',
    '{"a":null,"b":{"c":null,"e":{"f":4}},"list":[3]}',
    '{"b":{"d":3,"e":{"f":4}},"list":[3]}',
  ],
  ['{}', '{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
])('%s merged with %s is %s', (target, patch, wanted) => {
  const object = parseExact(target);
  expect(JSON.stringify(applyMergePatch(object, parseExact(patch)))).toBe(wanted);
  expect(JSON.stringify(object)).toBe(target);
});

test.each([
  ['{}', '{"a":{"b":1}}'],
  ['{"a":{"b":1,"c":{"d":2}},"e":[1]}', '{"a":{"c":{}},"e":[2]}'],
  ['{"a":1}', '{"a":{"b":1}}'],
  ['{"a":{"b":1}}', '{"a":1}'],
])('the patch from %s to %s leads there', (from, to) => {
  const wanted = JSON.parse(to) as Record<string, unknown>;
  const made = applyMergePatch(JSON.parse(from), mergePatchTo(JSON.parse(from), wanted));
  expect(made).toEqual(wanted);
});
