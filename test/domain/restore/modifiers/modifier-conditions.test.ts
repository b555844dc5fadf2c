import { expect, test } from 'vitest';

import type { KubernetesObject, ResourceType } from '../../../../domain/item.ts';
import { globExpression, goExpression } from '../../../../domain/restore/modifiers/go-pattern.ts';
import {
  isForType,
  meetsConditions,
} from '../../../../domain/restore/modifiers/modifier-conditions.ts';
import type { ModifierConditions } from '../../../../domain/restore/modifiers/modifier-rule.ts';

// Goal: a rule is for the objects that it is for in Velero, and for no others.

const CLAIMS: ResourceType = {
  ...{ group: '', version: 'v1', resource: 'persistentvolumeclaims' },
  ...{ kind: 'PersistentVolumeClaim', isNamespaced: true },
};
const CLAIM: KubernetesObject = {
  ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  metadata: { name: 'mysql-0', namespace: 'foo', labels: { app: 'db' } },
  spec: { storageClassName: 'premium', accessModes: ['ReadWriteOnce'] },
};

test.each<[wanted: boolean, conditions: Partial<ModifierConditions>]>([
  [true, {}],
  [true, { namespaces: ['bar', 'foo'] }],
  [true, { namespaces: ['f*'] }],
  [false, { namespaces: ['bar'] }],
  [false, { namespaces: ['fo'] }],
  [true, { resourceNameRegex: '^mysql.*$' }],
  [true, { resourceNameRegex: 'sql' }],
  [false, { resourceNameRegex: '^sql' }],
  [true, { labelSelector: { matchLabels: { app: 'db' } } }],
  [false, { labelSelector: { matchLabels: { app: 'web' } } }],
  [false, { labelSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } }],
  [true, { matches: [{ path: '/spec/storageClassName', value: '"premium"' }] }],
  [true, { matches: [{ path: '/spec/accessModes/0', value: '"ReadWriteOnce"' }] }],
  [true, { matches: [{ path: '/spec/volumeName', value: 'null' }] }],
  [false, { matches: [{ path: '/spec/accessModes/1', value: '"ReadWriteOnce"' }] }],
  [false, { matches: [{ path: '/spec/volume/name', value: '"x"' }] }],
  [
    false,
    {
      matches: [
        { path: '/spec/storageClassName', value: '"premium"' },
        { path: '/metadata/namespace', value: '"other"' },
      ],
    },
  ],
])('it is %s that a claim meets %j', (wanted, conditions) => {
  const all = {
    groupResource: 'persistentvolumeclaims',
    namespaces: [],
    matches: [],
    ...conditions,
  };
  expect(meetsConditions(CLAIMS, CLAIM, all)).toBe(wanted);
});

test('namespaces say nothing of an object that is in none', () => {
  const type = { ...CLAIMS, resource: 'persistentvolumes', isNamespaced: false };
  const conditions = { groupResource: '*', namespaces: ['bar'], matches: [] };
  expect(meetsConditions(type, { metadata: { name: 'v' } }, conditions)).toBe(true);
});

test.each<[glob: string, types: string[]]>([
  ['deployments.apps', ['deployments.apps']],
  ['*', ['pods', 'secrets']],
  ['*.apps', ['deployments.apps']],
  ['*.*', ['deployments.apps']],
  ['**', ['pods', 'secrets', 'deployments.apps', 'roles.rbac.authorization.k8s.io']],
  ['*.rbac.authorization.k8s.io', ['roles.rbac.authorization.k8s.io']],
  ['{pods,deployments.apps}', ['pods', 'deployments.apps']],
  ['[ps]*', ['pods', 'secrets']],
  ['[!p]*', ['secrets']],
  ['pod?', ['pods']],
  ['pod', []],
  ['Pods', []],
])('%s is for %j', (groupResource, wanted) => {
  const types = ['pods', 'secrets', 'deployments.apps', 'roles.rbac.authorization.k8s.io'];
  const isWanted = (name: string): boolean => {
    const [resource = '', ...group] = name.split('.');
    return isForType({ groupResource }, { group: group.join('.'), resource });
  };
  expect(types.filter(isWanted)).toEqual(wanted);
});

test.each([
  ['(?i)^WEB', 'web-1'],
  [String.raw`\Aweb\-1\z`, 'web-1'],
  ['(?P<name>web)', 'web-1'],
  [String.raw`^w[\w\-]+\d$`, 'web-1'],
  [String.raw`a\.b`, 'a.b'],
])('the expression %s matches %s as in Go', (expression, name) => {
  expect(goExpression(expression).test(name)).toBe(true);
});

test.each([
  '[a-z',
  '(?=x)',
  '(?<!x)',
  String.raw`(a)\1`,
  '[[:alpha:]]+',
  String.raw`\Qa\E`,
  '(?s).',
])('the expression %s is refused, for Go or JavaScript has no such thing', (expression) => {
  expect(() => goExpression(expression)).toThrow(SyntaxError);
});

test.each(['[a', '{a', 'a}', '[z-a]'])('the glob %s is refused', (glob) => {
  expect(() => globExpression(glob)).toThrow(SyntaxError);
});
