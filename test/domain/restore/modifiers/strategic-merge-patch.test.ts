import { expect, test } from 'vitest';

import { parseExact } from '../../../../domain/exact-number.ts';
import type { Fields } from '../../../../domain/fields.ts';
import { applyStrategicMergePatch } from '../../../../domain/restore/modifiers/strategic-merge-patch.ts';

// Goal: a strategic merge patch does what that of Kubernetes does. What rows want is what `kubectl patch --local` makes
// of the like in a Deployment, but for the directives that it leaves where there is nothing to merge with.

const KEYS = {
  lists: {
    'metadata/finalizers': {},
    c: { mergeKey: 'name' },
    'c/*/env': { mergeKey: 'name' },
    'c/*/ports': { mergeKey: 'containerPort' },
    unnamed: {},
  },
};

function merged(object: string, patch: string): unknown {
  // The texts are those of objects.
  return applyStrategicMergePatch(parseExact(object) as Fields, parseExact(patch) as Fields, KEYS);
}

test.each([
  ['fields are merged', '{"a":{"b":1,"c":2}}', '{"a":{"c":3,"d":4}}', '{"a":{"b":1,"c":3,"d":4}}'],
  ['null deletes', '{"a":{"b":1},"c":2}', '{"a":{"b":null,"x":null},"c":null}', '{"a":{}}'],
  [
    'a list that is not merged is replaced',
    '{"l":[{"name":"a"}]}',
    '{"l":[{"name":"b","x":null}]}',
    '{"l":[{"name":"b"}]}',
  ],
  [
    'elements are merged by their key',
    '{"c":[{"name":"a","image":"1"},{"name":"b","image":"2"}]}',
    '{"c":[{"name":"b","image":"3"}]}',
    '{"c":[{"name":"a","image":"1"},{"name":"b","image":"3"}]}',
  ],
  [
    'what is new comes first',
    '{"c":[{"name":"a"},{"name":"b"}]}',
    '{"c":[{"name":"n"}]}',
    '{"c":[{"name":"n"},{"name":"a"},{"name":"b"}]}',
  ],
  [
    'what the patch names keeps the order of the patch',
    '{"c":[{"name":"a"},{"name":"b"},{"name":"d"}]}',
    '{"c":[{"name":"d"},{"name":"n"},{"name":"a"}]}',
    '{"c":[{"name":"b"},{"name":"d"},{"name":"n"},{"name":"a"}]}',
  ],
  [
    'lists within elements',
    '{"c":[{"name":"a","env":[{"name":"X","value":"1"}]}]}',
    '{"c":[{"name":"a","env":[{"name":"X","value":"2"},{"name":"Y","value":"3"}]}]}',
    '{"c":[{"name":"a","env":[{"name":"X","value":"2"},{"name":"Y","value":"3"}]}]}',
  ],
  [
    'a numeric key',
    '{"c":[{"name":"a","ports":[{"containerPort":80}]}]}',
    '{"c":[{"name":"a","ports":[{"containerPort":80,"name":"web"}]}]}',
    '{"c":[{"name":"a","ports":[{"containerPort":80,"name":"web"}]}]}',
  ],
  [
    'a list that is new',
    '{}',
    '{"c":[{"name":"a","x":null},{"$patch":"delete","name":"b"}]}',
    '{"c":[{"name":"a"}]}',
  ],
  [
    '$patch: delete of an element',
    '{"c":[{"name":"a"},{"name":"b"}]}',
    '{"c":[{"$patch":"delete","name":"a"}]}',
    '{"c":[{"name":"b"}]}',
  ],
  [
    '$patch: replace of a list',
    '{"c":[{"name":"a"},{"name":"b"}]}',
    '{"c":[{"name":"n"},{"$patch":"replace"}]}',
    '{"c":[{"name":"n"}]}',
  ],
  [
    '$patch: replace of an object',
    '{"a":{"b":1,"c":2}}',
    '{"a":{"$patch":"replace","d":4}}',
    '{"a":{"d":4}}',
  ],
  ['$patch: delete of an object', '{"a":{"b":1}}', '{"a":{"$patch":"delete"}}', '{"a":{}}'],
  ['$patch: delete of what is not there', '{"b":1}', '{"a":{"$patch":"delete"}}', '{"b":1}'],
  [
    'plain values are united',
    '{"metadata":{"finalizers":["a","b"]}}',
    '{"metadata":{"finalizers":["c","b"]}}',
    '{"metadata":{"finalizers":["c","a","b"]}}',
  ],
  [
    '$deleteFromPrimitiveList',
    '{"metadata":{"finalizers":["a","b"]}}',
    '{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}',
    '{"metadata":{"finalizers":["b"]}}',
  ],
  [
    '$deleteFromPrimitiveList of what is not there',
    '{"metadata":{}}',
    '{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}',
    '{"metadata":{}}',
  ],
  [
    '$retainKeys',
    '{"s":{"type":"RollingUpdate","rollingUpdate":{"x":1}}}',
    '{"s":{"$retainKeys":["type"],"type":"Recreate"}}',
    '{"s":{"type":"Recreate"}}',
  ],
  [
    '$setElementOrder with changes',
    '{"c":[{"name":"a"},{"name":"b"},{"name":"d"}]}',
    '{"$setElementOrder/c":[{"name":"d"},{"name":"n"},{"name":"a"}],"c":[{"name":"n"}]}',
    '{"c":[{"name":"b"},{"name":"d"},{"name":"n"},{"name":"a"}]}',
  ],
  [
    '$setElementOrder alone',
    '{"c":[{"name":"a"},{"name":"b"}]}',
    '{"$setElementOrder/c":[{"name":"b"},{"name":"a"}]}',
    '{"c":[{"name":"b"},{"name":"a"}]}',
  ],
  [
    '$setElementOrder of plain values',
    '{"metadata":{"finalizers":["a","b"]}}',
    '{"metadata":{"$setElementOrder/finalizers":["b","a"]}}',
    '{"metadata":{"finalizers":["b","a"]}}',
  ],
  [
    '$setElementOrder of a list that is nowhere',
    '{"a":1}',
    '{"$setElementOrder/c":[{"name":"b"}]}',
    '{"a":1}',
  ],
  [
    'directives where nothing is to be merged with',
    '{}',
    '{"a":{"$retainKeys":["b"],"$setElementOrder/l":["x"],"l":["x"],"b":1}}',
    '{"a":{"l":["x"],"b":1}}',
  ],
  [
    'a value of another shape',
    '{"a":[1],"b":{"c":1}}',
    '{"a":{"c":1},"b":"x"}',
    '{"a":{"c":1},"b":"x"}',
  ],
  [
    'numbers with many digits',
    '{"a":12345678901234567890,"c":[{"name":"a","n":98765432109876543210}]}',
    '{"c":[{"name":"a","m":11111111111111111111}]}',
    '{"a":12345678901234567890,"c":[{"name":"a","n":98765432109876543210,"m":11111111111111111111}]}',
  ],
])('%s', (...[, object, patch, wanted]) => {
  expect(JSON.stringify(merged(object, patch))).toBe(wanted);
});

test('neither the object nor the patch is changed', () => {
  const object = { c: [{ name: 'a', env: [{ name: 'X' }] }], s: { type: 'x', y: 1 } };
  const patch = {
    ...{ c: [{ name: 'a', env: [{ name: 'Y' }] }], s: { $retainKeys: ['type'], type: 'z' } },
    '$setElementOrder/c': [{ name: 'a' }],
  };
  const before = JSON.stringify([object, patch]);
  applyStrategicMergePatch(object, patch, KEYS);
  expect(JSON.stringify([object, patch])).toBe(before);
});

test.each([
  ['{"c":[{"name":"a"}]}', '{"c":[{"image":"hush"}]}', 'an element of the patch has no field name'],
  [
    '{"c":[{"name":"a"}]}',
    '{"c":[{"$patch":"delete"}]}',
    'an element of the patch has no field name',
  ],
  [
    '{"c":[{"name":"a"}]}',
    '{"c":[{"$patch":"merge","name":"a"}]}',
    '$patch must be "delete" or "replace" in a list',
  ],
  ['{"a":{}}', '{"a":{"$patch":"merge"}}', '$patch must be "replace" or "delete"'],
  ['{"c":[{"name":"a"}]}', '{"c":["hush"]}', 'a list that is merged has elements of several kinds'],
  [
    '{"unnamed":[{"a":1}]}',
    '{"unnamed":[{"a":2}]}',
    'the list is merged, and no field names its elements',
  ],
  [
    '{"s":{"a":1}}',
    '{"s":{"$retainKeys":["a"],"b":"hush"}}',
    '$retainKeys leaves out a field that the patch sets',
  ],
  ['{"s":{"a":1}}', '{"s":{"$retainKeys":"a"}}', '$retainKeys must be a list'],
  [
    '{"c":[{"name":"a"}]}',
    '{"$setElementOrder/c":[{"name":"a"}],"c":[{"name":"n"}]}',
    'the elements of the list are not in that order',
  ],
  ['{"c":[{"name":"a"}]}', '{"$setElementOrder/c":"a"}', '$setElementOrder must be a list'],
])('%s cannot be merged with %s, and no value is told', (object, patch, message) => {
  expect(() => merged(object, patch)).toThrow(
    expect.objectContaining({ code: 'modifier-not-usable', message }),
  );
});
