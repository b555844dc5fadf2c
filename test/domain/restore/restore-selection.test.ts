import { expect, test } from 'vitest';

import {
  type RestoreFilter,
  type Selection,
  selectItem,
  type SelectableItem,
} from '../../../domain/restore/restore-selection.ts';
import { RetriedItems } from '../../../domain/restore/retried-items.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';

const WEB = { app: 'web' };
const SELECTOR = { matchLabels: WEB };
const CLAIMS = 'persistentvolumeclaims';
const ONE = { includedNamespaces: ['team-*'], excludedNamespaces: ['team-b'] };

type Row = readonly [
  title: string,
  spec: Partial<RestoreSpec>,
  item: SelectableItem,
  selection: Selection,
];

test.each<Row>([
  ['pattern', ONE, item('pods', 'team-a/p'), 'restored'],
  ['excluded', ONE, item('pods', 'team-b/p'), 'notSelected'],
  ['no labels', { labelSelector: SELECTOR }, item('pods', 'team-a/p'), 'notSelected'],
  ['labels', { labelSelector: SELECTOR }, item('pods', 'team-a/p', WEB), 'restored'],
  [
    'any selector',
    { orLabelSelectors: [{ matchLabels: { app: 'db' } }, SELECTOR] },
    item('pods', 'team-a/p', WEB),
    'restored',
  ],
  ['namespace, no labels', { labelSelector: SELECTOR }, item('namespaces', '/team-a'), 'namespace'],
  ['namespace, labels', { labelSelector: SELECTOR }, item('namespaces', '/a', WEB), 'restored'],
  ['volume, no labels', { labelSelector: SELECTOR }, item('persistentvolumes', '/v'), 'volume'],
  ['claim, no labels', { labelSelector: SELECTOR }, item(CLAIMS, 'team-a/c'), 'ofPods'],
  ['claim, excluded namespace', ONE, item(CLAIMS, 'team-b/c'), 'notSelected'],
  ['cluster role, all', {}, item('clusterroles', '/r'), 'restored'],
  ['cluster role, some', ONE, item('clusterroles', '/r'), 'notSelected'],
  [
    'cluster role, some and true',
    { ...ONE, includeClusterResources: true },
    item('clusterroles', '/r'),
    'restored',
  ],
  [
    'cluster role, false',
    { includeClusterResources: false },
    item('clusterroles', '/r'),
    'notSelected',
  ],
  [
    'volume, false',
    { includeClusterResources: false },
    item('persistentvolumes', '/v'),
    'notSelected',
  ],
  ['namespace, false', { includeClusterResources: false }, item('namespaces', '/a'), 'restored'],
  ['never', { includeClusterResources: true }, item('nodes', '/n', WEB), 'notRestorable'],
])('a restore selects as Velero does: %s', (...[, spec, line, selection]) => {
  expect(select(spec, line)).toBe(selection);
});

/** What becomes of an object of a type that is `listed`, `excluded`, or `other` than what a list of includes names. */
test.each<
  [
    path: string,
    spec: Partial<RestoreSpec>,
    becomes: { listed: Selection; excluded: Selection; other: Selection },
  ]
>([
  ['pods team-a/p', ONE, becomes('restored', 'notSelected', 'notSelected')],
  ['pods team-b/p', ONE, becomes('notSelected', 'notSelected', 'notSelected')],
  ['clusterroles /r', {}, becomes('restored', 'notSelected', 'notSelected')],
  ['clusterroles /r', ONE, becomes('notSelected', 'notSelected', 'notSelected')],
  ['persistentvolumeclaims team-a/c', ONE, becomes('restored', 'notSelected', 'ofPods')],
  ['persistentvolumeclaims team-b/c', ONE, becomes('notSelected', 'notSelected', 'notSelected')],
  ['persistentvolumes /v', {}, becomes('restored', 'notSelected', 'volume')],
  ['persistentvolumes /v', ONE, becomes('volume', 'notSelected', 'volume')],
  ['namespaces /team-a', ONE, becomes('restored', 'namespace', 'namespace')],
  ['namespaces /team-b', ONE, becomes('notSelected', 'notSelected', 'notSelected')],
  ['nodes /n', {}, becomes('notRestorable', 'notRestorable', 'notRestorable')],
])('lists of types narrow what is taken of %s by %j', (text, narrowing, expected) => {
  const [resource = '', path = ''] = text.split(' ');
  const spec = { ...all(), ...narrowing };
  const select = (included: string[] | undefined, excluded: string[]): Selection => {
    const types = { included: included && new Set(included), excluded: new Set(excluded) };
    return selectItem({ spec, own: 'holdfast', types }, item(resource, path));
  };
  expect(becomes(select([resource], []), select(undefined, [resource]), select([], []))).toEqual(
    expected,
  );
});

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';
const UPDATE = { existingResourcePolicy: 'update' } as const;
const NAMED_TYPE = { includedResources: ['runs.holdfast.dev'] };

test.each<Row>([
  ['namespace', {}, item('namespaces', '/holdfast'), 'holdfast'],
  ['what is in it', UPDATE, item('secrets', 'holdfast/keys'), 'holdfast'],
  [
    'matched by a pattern',
    { includedNamespaces: ['hold*'] },
    item('pods', 'holdfast/p'),
    'holdfast',
  ],
  ['excluded', { excludedNamespaces: ['holdfast'] }, item('pods', 'holdfast/p'), 'notSelected'],
  ['named', { includedNamespaces: ['holdfast'] }, item('pods', 'holdfast/p'), 'restored'],
  ['mapped', { namespaceMapping: { holdfast: 'copy' } }, item('pods', 'holdfast/p'), 'restored'],
  ['another', { namespaceMapping: { shop: 'till' } }, item('pods', 'holdfast-2/p'), 'restored'],
  ['own type', {}, item('runs.holdfast.dev', 'shop/r'), 'holdfast'],
  ['own type, named', NAMED_TYPE, item('runs.holdfast.dev', 'shop/r'), 'restored'],
  ['other type', {}, item('runs.my.holdfast.dev', 'shop/r'), 'restored'],
  ['own definition', {}, item(DEFINITIONS, '/runs.holdfast.dev'), 'holdfast'],
  ['own definition, named', NAMED_TYPE, item(DEFINITIONS, '/runs.holdfast.dev'), 'restored'],
  ['other definition', {}, item(DEFINITIONS, '/runs.my.holdfast.dev'), 'restored'],
])('a restore writes over the Holdfast that does it only where that is named: %s', (...row) => {
  const [, spec, line, selection] = row;
  expect(select(spec, line)).toBe(selection);
});

test.each<Row>([
  ['without labels', { labelSelector: SELECTOR }, item('pods', 'team-a/p'), 'restored'],
  ['of another namespace', ONE, item('pods', 'team-b/p'), 'notSelected'],
  ['cluster-scoped', ONE, item('clusterroles', '/r'), 'restored'],
  [
    'cluster-scoped, forbidden',
    { includeClusterResources: false },
    item('clusterroles', '/r'),
    'notSelected',
  ],
  ['that no restore touches', {}, item('nodes', '/n'), 'notRestorable'],
  ["of Holdfast's own", {}, item('secrets', 'holdfast/keys'), 'holdfast'],
])('what plugins add needs no labels, and what the request excludes stays away: %s', (...row) => {
  const [, spec, line, selection] = row;
  expect(select(spec, line, { has: () => true })).toBe(selection);
  const others = { labelSelector: SELECTOR };
  expect(select(others, item('pods', 'team-a/p', WEB), { has: () => false })).toBe('notSelected');
});

test('what a plugin has added and a restore has failed at is selected when that is tried again', () => {
  const spec = { ...ONE, labelSelector: SELECTOR };
  const lines = [item('pods', 'team-a/p'), item('clusterroles', '/p'), item('pods', 'team-b/p')];
  const selected = lines.map((line) => {
    const retried = new RetriedItems({ ...all(), ...spec });
    retried.begin({ runUid: 'tried', reach: 'all' });
    retried.add([{ ...line, verb: 'failed', isAdded: true }]);
    return selectItem({ spec: { ...all(), ...spec }, own: 'holdfast', retried }, line);
  });
  expect(selected).toEqual(['restored', 'restored', 'notSelected']);
});

function select(
  spec: Partial<RestoreSpec>,
  line: SelectableItem,
  added?: RestoreFilter['added'],
): Selection {
  const filter = { spec: { ...all(), ...spec }, own: 'holdfast' };
  return selectItem(added === undefined ? filter : { ...filter, added }, line);
}

function all(): RestoreSpec {
  return {
    ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
    ...{ excludedNamespaces: [], namespaceMapping: {} },
  };
}

function becomes(listed: Selection, excluded: Selection, other: Selection) {
  return { listed, excluded, other };
}

function item(type: string, path: string, labels?: Record<string, string>): SelectableItem {
  const [namespace = '', name = ''] = path.split('/');
  const [resource = '', ...group] = type.split('.');
  const kind = resource;
  return {
    group: group.join('.'),
    resource,
    kind,
    namespace,
    name,
    ...(labels === undefined ? {} : { labels }),
  };
}
