import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { readModifiers } from '../../../../domain/restore/modifiers/modifier-reader.ts';

// Goal: what Velero's documentation shows is read, and all that is wrong with modifiers is named with its place.

function read(text: string): unknown {
  return readModifiers(parse(text), (data) =>
    data.includes('unclosed') ? { fault: 'is not YAML' } : { json: JSON.stringify(parse(data)) },
  );
}

function readRule(rule: string): unknown {
  return read(`version: v1\nresourceModifierRules:\n${rule}`);
}

/** The faults of a rule, by their pointers within it. */
function faultsOf(rule: string): unknown {
  const { errors } = readRule(rule) as {
    errors?: { pointer: string; code: string; detail: string }[];
  };
  const root = 'resourceModifier:/resourceModifierRules/0';
  return errors?.map(({ pointer, code, detail }) => {
    expect(code).toBe('modifier-not-usable');
    return detail.slice(pointer.startsWith(root) ? root.length : 0);
  });
}

test('a rule of each kind is read, with all conditions', () => {
  const text = `
- conditions:
    groupResource: persistentvolumeclaims
    resourceNameRegex: "^mysql.*$"
    namespaces: [bar, foo]
    labelSelector: {matchLabels: {foo: bar}}
    matches:
    - {path: /spec/storageClassName, value: premium}
    - {path: /spec/replicas, value: 3}
  patches:
  - {operation: test, path: /spec/paused, value: true}
  - {operation: add, path: /metadata/labels/x, value: '"7"'}
  - {operation: replace, path: "/spec/containers/0", value: '{"name": "nginx"}'}
  - {operation: remove, path: /metadata/labels/test}
  - {operation: move, from: /spec/a, path: /spec/b}
  - {operation: copy, from: /spec/a, path: /spec/c}
- conditions: {groupResource: "*.*"}
  mergePatches:
  - patchData: |
      {"metadata": {"annotations": {"foo": null}}}
  - patchData: |
      metadata: {labels: {a: b}}
- conditions: {groupResource: pods}
  strategicPatches:
  - patchData: '{"spec": {}}'
`;
  expect(readRule(text)).toEqual({
    rules: [
      {
        conditions: {
          ...{ groupResource: 'persistentvolumeclaims', resourceNameRegex: '^mysql.*$' },
          namespaces: ['bar', 'foo'],
          labelSelector: { matchLabels: { foo: 'bar' }, matchExpressions: [] },
          matches: [
            { path: '/spec/storageClassName', value: '"premium"' },
            { path: '/spec/replicas', value: '3' },
          ],
        },
        patch: {
          kind: 'json',
          operations: [
            { op: 'test', path: '/spec/paused', value: 'true' },
            { op: 'add', path: '/metadata/labels/x', value: '"7"' },
            { op: 'replace', path: '/spec/containers/0', value: '{"name": "nginx"}' },
            { op: 'remove', path: '/metadata/labels/test' },
            { op: 'move', from: '/spec/a', path: '/spec/b' },
            { op: 'copy', from: '/spec/a', path: '/spec/c' },
          ],
        },
      },
      {
        conditions: { groupResource: '*.*', namespaces: [], matches: [] },
        patch: {
          kind: 'merge',
          patches: [
            '{"metadata":{"annotations":{"foo":null}}}',
            '{"metadata":{"labels":{"a":"b"}}}',
          ],
        },
      },
      {
        conditions: { groupResource: 'pods', namespaces: [], matches: [] },
        patch: { kind: 'strategic', patches: ['{"spec":{}}'] },
      },
    ],
  });
});

const PATCH = 'patches: [{operation: remove, path: /a}]';

test.each([
  [
    'version: v2\nresourceModifierRules: [{conditions: {groupResource: pods}, mergePatches: [{patchData: "{}"}]}]',
    ['resourceModifier:/version must be v1'],
  ],
  ['version: v1', ['resourceModifier:/resourceModifierRules must have 1 to 200 rules']],
  [
    'version: v1\nrules: []',
    [
      'resourceModifier:/rules is not known; the fields are version, resourceModifierRules',
      'resourceModifier:/resourceModifierRules must have 1 to 200 rules',
    ],
  ],
  ['[]', ['resourceModifier: must be a mapping; an empty one is {}']],
])('what is wrong with a document as a whole is told: %s', (text, details) => {
  const { errors } = read(text) as { errors: { detail: string }[] };
  expect(errors.map(({ detail }) => detail)).toEqual(details);
});

test.each([
  [
    `- {conditions: {}, ${PATCH}}`,
    ['/conditions/groupResource must name a type; "*.*" and "*" are patterns'],
  ],
  [
    `- {conditions: {groupResource: "[a"}, ${PATCH}}`,
    [
      '/conditions/groupResource is a pattern that cannot be read; write a type as "deployments.apps" or "*.apps"',
    ],
  ],
  [
    `- {conditions: {groupResource: pods, resourceNameRegex: "[a-z"}, ${PATCH}}`,
    ['/conditions/resourceNameRegex is no regular expression that can be read; correct it'],
  ],
  [
    `- {conditions: {groupResource: pods, namespaces: ["{a"]}, ${PATCH}}`,
    [
      '/conditions/namespaces/0 is a pattern that cannot be read; the wildcards are "*", "?", "[a-c]", "{a,b}"',
    ],
  ],
  [
    `- {conditions: {groupResource: pods, names: [a]}, ${PATCH}}`,
    [
      '/conditions/names is not known; the fields are groupResource, resourceNameRegex, namespaces, labelSelector, matches',
    ],
  ],
  [
    `- {conditions: {groupResource: pods, labelSelector: {matchExpressions: [{key: a, operator: Equals}]}}, ${PATCH}}`,
    [
      '/conditions/labelSelector/matchExpressions/0/operator must be one of In, NotIn, Exists, DoesNotExist',
    ],
  ],
  [
    `- {conditions: {groupResource: pods, matches: [{path: spec, value: .5}, {value: "01"}]}, ${PATCH}}`,
    [
      '/conditions/matches/0/path must be a JSON pointer, as in "/spec/replicas"',
      '/conditions/matches/1/path must be a JSON pointer, as in "/spec/replicas"',
      `/conditions/matches/1/value is a number that JSON does not have; write it as JSON does, or in quotes inside of quotes, '"…"', if it is text`,
    ],
  ],
  [
    '- {conditions: {groupResource: pods}}',
    [' must have one of patches, mergePatches, strategicPatches'],
  ],
  [
    `- {conditions: {groupResource: pods}, ${PATCH}, mergePatches: [{patchData: "{}"}]}`,
    [' must have one of patches, mergePatches, strategicPatches'],
  ],
  [
    '- {conditions: {groupResource: pods}, patches: [{operation: Add, path: /a}, {operation: move, path: /a}, {operation: add, path: "/a\\\\q", value: {a: 1}}]}',
    [
      '/patches/0/operation must be one of add, remove, replace, move, copy, test',
      '/patches/1/from must be a JSON pointer, as in "/spec/replicas"',
      String.raw`/patches/2/path has a character that must be written as in JSON: \" for a quote, \\ for a backslash, \n for a new line`,
      '/patches/2/value must be text; put other values in quotes',
    ],
  ],
  [
    '- {conditions: {groupResource: pods}, patches: [{operation: add, path: /a, value: 12345678901234567890}]}',
    ['/patches/0/value must be text; put other values in quotes'],
  ],
  [
    '- {conditions: {groupResource: pods}, mergePatches: [{patchData: "unclosed"}, {patchData: "[]"}, {}, {patch: "{}"}]}',
    [
      '/mergePatches/0/patchData is not YAML',
      '/mergePatches/1/patchData must be a mapping in YAML or JSON',
      '/mergePatches/2/patchData must be a mapping in YAML or JSON',
      '/mergePatches/3/patch is not known; the fields are patchData',
      '/mergePatches/3/patchData must be a mapping in YAML or JSON',
    ],
  ],
])('what is wrong with a rule is told with its place: %s', (rule, wanted) => {
  expect(faultsOf(rule)).toEqual(wanted);
});
