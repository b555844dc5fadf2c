import { expect, test } from 'vitest';

import type { KubernetesObject, ResourceType } from '../../../domain/item.ts';
import { accountPatch, updatePatch, withMarks } from '../../../domain/restore/merge-patch.ts';
import { comparableObject } from '../../../domain/restore/same-object.ts';

// Goal: the patch of an update says what differs and nothing else. Method: tables of live and wanted objects.

const METADATA = { name: 'one', namespace: 'shop' };
const CONTEXT = {
  keptVolumes: new Set(['kept']),
  spec: {
    ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'], excludedNamespaces: [] },
    namespaceMapping: { shop: 'till', till: 'other' },
  },
};

function objectOf(content: object, metadata: object = {}): KubernetesObject {
  return { metadata: { ...METADATA, ...metadata }, ...content };
}

test.each<{ what: string; live: object; wanted: object; patch: object | undefined }>([
  { what: 'nothing', live: { data: { a: '1' } }, wanted: { data: { a: '1' } }, patch: undefined },
  {
    what: 'a value',
    live: { data: { a: '1', b: '2' } },
    wanted: { data: { a: '1', b: '3' } },
    patch: { data: { b: '3' } },
  },
  {
    what: 'a field that only the live object has',
    live: { data: { a: '1', b: '2' } },
    wanted: { data: { a: '1' } },
    patch: { data: { b: null } },
  },
  {
    what: 'a whole part that only the live object has',
    live: { data: { a: '1' }, immutable: true },
    wanted: { data: { a: '1' } },
    patch: { immutable: null },
  },
  {
    what: 'a field of an element that only the live object has',
    live: { spec: { list: [{ name: 'a', more: 1 }, { name: 'b' }] } },
    wanted: { spec: { list: [{ name: 'a' }, { name: 'b' }] } },
    patch: { spec: { list: [{ name: 'a' }, { name: 'b' }] } },
  },
  {
    what: 'the order of a list',
    live: { spec: { list: ['a', 'b'] } },
    wanted: { spec: { list: ['b', 'a'] } },
    patch: { spec: { list: ['b', 'a'] } },
  },
  {
    what: 'the order of fields in an element',
    live: { spec: { list: [{ a: 1, b: { c: [] } }] } },
    wanted: { spec: { list: [{ b: { c: [] }, a: 1 }] } },
    patch: undefined,
  },
  {
    what: 'the kind of a value',
    live: { spec: { a: [] } },
    wanted: { spec: { a: {} } },
    patch: { spec: { a: {} } },
  },
  { what: 'the status', live: { status: { a: 1 } }, wanted: {}, patch: undefined },
])('an update where $what differs', ({ live, wanted, patch }) => {
  expect(updatePatch(objectOf(live), objectOf(wanted))).toEqual(patch);
});

test.each<{ what: string; live: object; wanted: object; patch: object | undefined }>([
  {
    what: 'marks of restores',
    live: { labels: { 'velero.io/restore-name': 'a' } },
    wanted: { labels: { 'velero.io/restore-name': 'b' } },
    patch: undefined,
  },
  {
    what: 'what a controller of Kubernetes has put there',
    live: { annotations: { 'deployment.kubernetes.io/revision': '3' } },
    wanted: {},
    patch: undefined,
  },
  {
    what: 'a label that somebody has added',
    live: { labels: { a: 'b', c: 'd' } },
    wanted: { labels: { a: 'b' } },
    patch: { metadata: { labels: { c: null } } },
  },
  {
    what: 'a word of Kubernetes that the backup has otherwise',
    live: { annotations: { 'kubernetes.io/description': 'old' } },
    wanted: { annotations: { 'kubernetes.io/description': 'new' } },
    patch: { metadata: { annotations: { 'kubernetes.io/description': 'new' } } },
  },
])('an update where $what differs in the metadata', ({ live, wanted, patch }) => {
  expect(updatePatch(objectOf({}, live), objectOf({}, wanted))).toEqual(patch);
});

function typeOf(name: string, kind: string): ResourceType {
  const [resource = '', ...group] = name.split('.');
  return { group: group.join('.'), version: 'v1', resource, kind, isNamespaced: true };
}

test.each<{ type: ResourceType; live: object; wanted: object }>([
  {
    type: typeOf('services', 'Service'),
    live: {
      spec: {
        clusterIP: '10.0.0.1',
        clusterIPs: ['10.0.0.1'],
        ports: [{ port: 80, nodePort: 30080 }],
      },
    },
    wanted: { spec: { ports: [{ port: 80 }] } },
  },
  {
    type: typeOf('pods', 'Pod'),
    live: { spec: { nodeName: 'a', priority: 0, containers: [] } },
    wanted: { spec: { containers: [] } },
  },
  {
    type: typeOf('persistentvolumeclaims', 'PersistentVolumeClaim'),
    live: { spec: { volumeName: 'pvc-1' } },
    wanted: { spec: {} },
  },
  {
    type: typeOf('jobs.batch', 'Job'),
    live: { spec: { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'x' } } } },
    wanted: { spec: { selector: { matchLabels: {} } } },
  },
  {
    // Namespaces in the cluster are mapped already.
    type: typeOf('rolebindings.rbac.authorization.k8s.io', 'RoleBinding'),
    live: { subjects: [{ kind: 'ServiceAccount', name: 'a', namespace: 'till' }] },
    wanted: { subjects: [{ kind: 'ServiceAccount', name: 'a', namespace: 'till' }] },
  },
])('what the server sets of a $type.kind is no difference, and the live one stays', (row) => {
  const live = objectOf(row.live);
  const comparable = comparableObject(row.type, live, CONTEXT);
  expect(updatePatch(comparable, objectOf(row.wanted))).toBeUndefined();
  expect(live).toEqual(objectOf(row.live));
});

test('an account gets what it lacks, and what it has stays', () => {
  const live = objectOf(
    { secrets: [{ name: 'a' }], imagePullSecrets: [{ name: 'x' }] },
    { labels: { a: 'live' } },
  );
  const wanted = objectOf(
    { secrets: [{ name: 'a' }, { name: 'b' }], imagePullSecrets: [{ name: 'x' }] },
    { labels: { a: 'stored', b: 'stored' }, annotations: { 'holdfast.dev/restore-uid': 'r' } },
  );
  expect(accountPatch(live, wanted)).toEqual({
    secrets: [{ name: 'a' }, { name: 'b' }],
    metadata: { labels: { b: 'stored' } },
  });
  expect(accountPatch(wanted, live)).toBeUndefined();
});

test('a patch carries the labels of the restore, and the mark with its verb', () => {
  const wanted = objectOf({}, { labels: { a: 'b', 'velero.io/restore-name': 'r' } });
  expect(withMarks({ metadata: { labels: { c: null } } }, wanted, 'uid:updated')).toEqual({
    metadata: {
      labels: { c: null, 'velero.io/restore-name': 'r' },
      annotations: { 'holdfast.dev/restore-uid': 'uid:updated' },
    },
  });
});

test.each([
  { live: '{}', wanted: '{"constructor":"x"}', patch: '{"constructor":"x"}' },
  { live: '{}', wanted: '{"__proto__":"x"}', patch: '{"__proto__":"x"}' },
  { live: '{"__proto__":"x"}', wanted: '{}', patch: '{"__proto__":null}' },
  { live: '{"__proto__":"x","a":"1"}', wanted: '{"__proto__":"x","a":"2"}', patch: '{"a":"2"}' },
])('data $live becomes $wanted by $patch', ({ live, wanted, patch }) => {
  // A ConfigMap may have any of these keys.
  const configMap = (data: string) => objectOf({ data: JSON.parse(data) as unknown });
  const changes = updatePatch(configMap(live), configMap(wanted));
  expect(JSON.stringify(changes)).toBe(`{"data":${patch}}`);
});
