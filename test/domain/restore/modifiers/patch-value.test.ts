import { expect, test } from 'vitest';

import { patchValueJson } from '../../../../domain/restore/modifiers/patch-value.ts';

// Goal: a value of a JSON patch has the type that Velero gives it, and what Velero chokes on later is named at once.

test.each([
  ['premium', '"premium"'],
  ['', '""'],
  ['"', '""'],
  ['"false"', '"false"'],
  ['"7"', '"7"'],
  ['"null"', '"null"'],
  ['null', 'null'],
  ['Null', '"Null"'],
  ['true', 'true'],
  ['7', '7'],
  ['-1.5e3', '-1.5e3'],
  ['12345678901234567890', '12345678901234567890'],
  ['1.14.2', '"1.14.2"'],
  ['5Gi', '"5Gi"'],
  ['{"a": [1]}', '{"a": [1]}'],
  ['[]', '[]'],
  [String.raw`a \"word\" \\ \n`, String.raw`"a \"word\" \\ \n"`],
  ['"', '""'],
])('%s is read as %s', (value, json) => {
  expect(patchValueJson(value)).toEqual({ json });
});

test.each([
  ['True', /small letters/],
  ['01', /number that JSON does not have/],
  ['+1', /number that JSON does not have/],
  ['.5', /number that JSON does not have/],
  ['NaN', /number that JSON does not have/],
  ['0x1f', /number that JSON does not have/],
  ['{a: 1}', /is not JSON/],
  ['a "word"', /must be written as in JSON/],
  [String.raw`C:\dir`, /must be written as in JSON/],
  ['two\nlines', /must be written as in JSON/],
  ['x", "op": "remove', /must be written as in JSON/],
])('%s is refused', (value, fault) => {
  expect(patchValueJson(value)).toEqual({ fault: expect.stringMatching(fault) as unknown });
});
