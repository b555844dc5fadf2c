import { expect, test } from 'vitest';

import type { KubernetesObject, ResourceType } from '../../../../domain/item.ts';
import {
  applyModifiers,
  type Modified,
} from '../../../../domain/restore/modifiers/apply-modifiers.ts';
import type {
  JsonPatchOperation,
  ModifierPatch,
  ModifierRule,
  ValueMatch,
} from '../../../../domain/restore/modifiers/modifier-rule.ts';

// Goal: rules work together as in Velero: in their order, on what the ones before have made, by conditions that see
// what was there before all of them.

const DEPLOYMENTS: ResourceType = {
  ...{ group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' },
  isNamespaced: true,
};
const WIDGETS: ResourceType = {
  ...{ group: 'example.com', version: 'v1', resource: 'widgets', kind: 'Widget' },
  isNamespaced: true,
};
const MERGE_KEYS = { 'apps/v1/Deployment': { lists: { 'spec/containers': { mergeKey: 'name' } } } };

function deployment(spec: object): KubernetesObject {
  const metadata = { name: 'web', namespace: 'shop', labels: { app: 'web' } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec };
}

function rule(patch: ModifierPatch, matches: readonly ValueMatch[] = []): ModifierRule {
  return { conditions: { groupResource: '**', namespaces: [], matches }, patch };
}

function json(...operations: JsonPatchOperation[]): ModifierPatch {
  return { kind: 'json', operations };
}

function replicas(from: number, to: number): ModifierRule {
  const path = '/spec/replicas';
  return rule(json({ op: 'replace', path, value: String(to) }), [{ path, value: String(from) }]);
}

function applied(spec: object, ...modifiers: ModifierRule[]): Modified {
  return applyModifiers(DEPLOYMENTS, deployment(spec), { modifiers, mergeKeys: MERGE_KEYS });
}

const test1: JsonPatchOperation = { op: 'test', path: '/spec/replicas', value: '1' };
const test5: JsonPatchOperation = { op: 'test', path: '/spec/replicas', value: '5' };
const remove: JsonPatchOperation = { op: 'remove', path: '/spec/replicas' };

test.each<[title: string, rules: ModifierRule[], spec: object]>([
  ['no rule', [], { replicas: 1 }],
  ['conditions that see the first state', [replicas(1, 2), replicas(2, 3)], { replicas: 2 }],
  ['two rules for one state', [replicas(1, 2), replicas(1, 3)], { replicas: 3 }],
  ['a test that holds', [rule(json(test1, remove))], {}],
  ['a test that does not hold', [rule(json(remove, test5)), replicas(1, 4)], { replicas: 4 }],
  [
    'merge patches one after the other',
    [rule({ kind: 'merge', patches: ['{"spec":{"a":1,"b":2}}', '{"spec":{"a":null}}'] })],
    { replicas: 1, b: 2 },
  ],
  [
    'strategic merge patches on what the rule before has made',
    [
      rule(json({ op: 'add', path: '/spec/containers', value: '[{"name":"a"},{"name":"b"}]' })),
      rule({ kind: 'strategic', patches: ['{"spec":{"containers":[{"name":"b","image":"i"}]}}'] }),
    ],
    { replicas: 1, containers: [{ name: 'a' }, { name: 'b', image: 'i' }] },
  ],
])('%s', (_title, rules, spec) => {
  expect(applied({ replicas: 1 }, ...rules)).toEqual({ object: deployment(spec) });
});

const PREFIX = 'rule 2 of the resource modifiers cannot be applied to it: ';

test.each<[patch: ModifierPatch, fault: string]>([
  [json({ op: 'remove', path: '/spec/gone' }), 'remove of /spec/gone: there is nothing there'],
  [
    { kind: 'strategic', patches: ['{"spec":{"containers":[{"image":"hush"}]}}'] },
    'an element of the patch has no field name',
  ],
  ...['/metadata/name', '/metadata/namespace', '/kind', '/apiVersion'].map(
    (path): [ModifierPatch, string] => [
      json({ op: 'replace', path, value: '"other"' }),
      'it changes apiVersion, kind, metadata.name or metadata.namespace',
    ],
  ),
  [
    { kind: 'merge', patches: ['{"metadata":null}'] },
    'it changes apiVersion, kind, metadata.name or metadata.namespace',
  ],
])('an object that %j cannot be applied to fails, and says by which rule', (patch, fault) => {
  const first = rule({ kind: 'merge', patches: ['{"a":1}'] });
  const object = deployment({ containers: [{ name: 'a' }] });
  const before = JSON.stringify(object);
  const modifiers = [first, rule(patch), rule({ kind: 'merge', patches: ['{"b":1}'] })];
  expect(applyModifiers(DEPLOYMENTS, object, { modifiers, mergeKeys: MERGE_KEYS })).toEqual({
    fault: `${PREFIX}${fault}`,
  });
  expect(JSON.stringify(object)).toBe(before);
});

test('strategic merge patches are for kinds whose lists are known', () => {
  const modifiers = [rule({ kind: 'strategic', patches: ['{"spec":{"a":1}}'] })];
  const widget = { ...deployment({}), apiVersion: 'example.com/v1', kind: 'Widget' };
  expect(applyModifiers(WIDGETS, widget, { modifiers, mergeKeys: MERGE_KEYS })).toEqual({
    fault: expect.stringMatching(/not for custom resources; use mergePatches/) as unknown,
  });
  expect(applyModifiers(DEPLOYMENTS, deployment({}), { modifiers })).toEqual({
    fault: expect.stringMatching(/does not say how .* apps\/v1\/Deployment are merged/) as unknown,
  });
});

test('a rule for other objects has no say', () => {
  const fails = rule(json({ op: 'remove', path: '/gone' }));
  const modifiers = [{ ...fails, conditions: { ...fails.conditions, namespaces: ['other'] } }];
  expect(applied({}, ...modifiers)).toEqual({ object: deployment({}) });
});
