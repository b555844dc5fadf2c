import { expect, test } from 'vitest';

import { parseExact } from '../../../../domain/exact-number.ts';
import { applyJsonPatch } from '../../../../domain/restore/modifiers/json-patch.ts';
import type { JsonPatchOperation } from '../../../../domain/restore/modifiers/modifier-rule.ts';

// Goal: all operations of RFC 6902 do what it and Velero say, and change nothing of the object that they are given.

type Row = [title: string, object: string, operations: JsonPatchOperation[], wanted: string];

test.each<Row>([
  ['add a field', '{"a":1}', [{ op: 'add', path: '/b', value: '[2]' }], '{"a":1,"b":[2]}'],
  ['add over a field', '{"a":1}', [{ op: 'add', path: '/a', value: 'null' }], '{"a":null}'],
  [
    'add before an element',
    '{"a":[1,3]}',
    [{ op: 'add', path: '/a/1', value: '2' }],
    '{"a":[1,2,3]}',
  ],
  ['add behind the last', '{"a":[1]}', [{ op: 'add', path: '/a/1', value: '2' }], '{"a":[1,2]}'],
  ['add at the end', '{"a":[1]}', [{ op: 'add', path: '/a/-', value: '2' }], '{"a":[1,2]}'],
  ['add from the end', '{"a":[1,2]}', [{ op: 'add', path: '/a/-2', value: '9' }], '{"a":[1,9,2]}'],
  ['remove a field', '{"a":1,"b":2}', [{ op: 'remove', path: '/a' }], '{"b":2}'],
  ['remove an element', '{"a":[1,2]}', [{ op: 'remove', path: '/a/0' }], '{"a":[2]}'],
  ['remove the last', '{"a":[1,2]}', [{ op: 'remove', path: '/a/-1' }], '{"a":[1]}'],
  [
    'replace deep inside',
    '{"a":[{"b":1}]}',
    [{ op: 'replace', path: '/a/0/b', value: '"x"' }],
    '{"a":[{"b":"x"}]}',
  ],
  [
    'escaped keys',
    '{"a/b":1,"c~1":2}',
    [
      { op: 'replace', path: '/a~1b', value: '3' },
      { op: 'remove', path: '/c~01' },
    ],
    '{"a/b":3}',
  ],
  [
    'move',
    '{"a":{"b":1},"c":[0]}',
    [{ op: 'move', from: '/a/b', path: '/c/0' }],
    '{"a":{},"c":[1,0]}',
  ],
  [
    'copy, and change the copy',
    '{"a":[{"n":"x"}]}',
    [
      { op: 'copy', from: '/a/0', path: '/a/1' },
      { op: 'test', path: '/a/1/n', value: '"x"' },
      { op: 'replace', path: '/a/1/n', value: '"y"' },
    ],
    '{"a":[{"n":"x"},{"n":"y"}]}',
  ],
  [
    'test of an object in any order',
    '{"a":{"b":1,"c":[2]}}',
    [
      { op: 'test', path: '/a', value: '{"c":[2],"b":1.0}' },
      { op: 'add', path: '/d', value: '1' },
    ],
    '{"a":{"b":1,"c":[2]},"d":1}',
  ],
  [
    'test of null where nothing is',
    '{"a":{}}',
    [
      { op: 'test', path: '/a/b', value: 'null' },
      { op: 'add', path: '/d', value: '1' },
    ],
    '{"a":{},"d":1}',
  ],
  [
    'numbers with many digits',
    '{"a":12345678901234567890,"b":98765432109876543210}',
    [
      { op: 'test', path: '/a', value: '12345678901234567890' },
      { op: 'copy', from: '/a', path: '/c' },
      { op: 'add', path: '/d', value: '11111111111111111111' },
    ],
    '{"a":12345678901234567890,"b":98765432109876543210,"c":12345678901234567890,"d":11111111111111111111}',
  ],
  [
    'a field of the name __proto__',
    '{"a":{}}',
    [{ op: 'add', path: '/a/__proto__', value: '{"x":1}' }],
    '{"a":{"__proto__":{"x":1}}}',
  ],
])('%s', (...[, text, operations, wanted]) => {
  const object = parseExact(text);
  expect(JSON.stringify(applyJsonPatch(object, operations))).toBe(wanted);
  expect(JSON.stringify(object)).toBe(text);
});

test('a copy shares nothing with what it is of', () => {
  const copied = applyJsonPatch({ a: { b: [] } }, [{ op: 'copy', from: '/a', path: '/c' }]);
  const { a, c } = copied as { a: object; c: object };
  expect(c).toEqual(a);
  expect(c).not.toBe(a);
});

test.each<[title: string, operation: JsonPatchOperation]>([
  ['another value', { op: 'test', path: '/a', value: '"2"' }],
  ['a number with other last digits', { op: 'test', path: '/big', value: '12345678901234567891' }],
  ['null where something is', { op: 'test', path: '/a', value: 'null' }],
  ['a path that is not there', { op: 'test', path: '/b/c/d', value: 'null' }],
  [
    'something that every object inherits',
    { op: 'test', path: '/constructor/name', value: '"Object"' },
  ],
])('a patch that tests for %s does not apply at all', (_title, operation) => {
  const object = parseExact('{"a":2,"big":12345678901234567890}');
  expect(applyJsonPatch(object, [{ op: 'remove', path: '/a' }])).not.toEqual(object);
  expect(applyJsonPatch(object, [operation, { op: 'remove', path: '/a' }])).toBeUndefined();
  expect(applyJsonPatch(object, [{ op: 'remove', path: '/gone/x' }].slice(1) as [])).toBe(object);
});

test.each<[operation: JsonPatchOperation, fault: string]>([
  [{ op: 'remove', path: '/b' }, 'remove of /b: there is nothing there'],
  [{ op: 'replace', path: '/b', value: '1' }, 'replace of /b: there is nothing there'],
  [{ op: 'replace', path: '/l/2', value: '1' }, 'replace of /l/2: there is nothing there'],
  [{ op: 'replace', path: '/l/-', value: '1' }, 'replace of /l/-: there is nothing there'],
  [{ op: 'remove', path: '/l/01' }, 'remove of /l/01: there is nothing there'],
  [
    { op: 'add', path: '/l/3', value: '1' },
    'add of /l/3: there is nothing at that position of the list',
  ],
  [
    { op: 'add', path: '/l/x', value: '1' },
    'add of /l/x: there is nothing at that position of the list',
  ],
  [{ op: 'add', path: '/b/c', value: '1' }, 'add of /b/c: there is nothing on the way to it'],
  [
    { op: 'add', path: '/toString/x', value: '1' },
    'add of /toString/x: there is nothing on the way to it',
  ],
  [
    { op: 'add', path: '/a/c', value: '1' },
    'add of /a/c: what should hold it is neither an object nor a list',
  ],
  [{ op: 'move', from: '/b', path: '/c' }, 'move of /c: there is nothing at its "from"'],
  [{ op: 'copy', from: '/l/5', path: '/c' }, 'copy of /c: there is nothing at its "from"'],
  [{ op: 'move', from: '/o', path: '/o/p' }, 'move of /o/p: there is nothing on the way to it'],
])('%o is told by its path, and no value is', (operation, message) => {
  const object = { a: 'hush', l: ['hush', 'hush'], o: {} };
  expect(() => applyJsonPatch(object, [operation])).toThrow(
    expect.objectContaining({ code: 'modifier-not-usable', message }),
  );
});
