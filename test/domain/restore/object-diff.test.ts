import { expect, test } from 'vitest';

import type { KubernetesObject } from '../../../domain/item.ts';
import { objectDiff } from '../../../domain/restore/object-diff.ts';

// Goal: a plan tells field by field what would change, and nothing that the server sets.

function object(fields: object, metadata: object = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'one', ...metadata }, ...fields };
}

test('a field that is new, gone or other is told by its path', () => {
  const live = object({ spec: { replicas: 3, paused: true, same: { deep: [1] } } });
  const next = object({ spec: { replicas: 5, same: { deep: [1] }, hosts: ['a'] } });
  expect(objectDiff(live, next)).toEqual([
    { path: '/spec/hosts', op: 'add', to: ['a'] },
    { path: '/spec/paused', op: 'remove', from: true },
    { path: '/spec/replicas', op: 'replace', from: 3, to: 5 },
  ]);
});

test('keys with a slash or a tilde are escaped as in a JSON pointer', () => {
  const changes = objectDiff(object({ data: {} }), object({ data: { 'a/b~c': '1' } }));
  expect(changes).toEqual([{ path: '/data/a~1b~0c', op: 'add', to: '1' }]);
});

test('a key of the name __proto__ is a key like any other', () => {
  const next = object({ data: JSON.parse('{"__proto__": "1"}') as object });
  expect(objectDiff(object({ data: {} }), next)).toEqual([
    { path: '/data/__proto__', op: 'add', to: '1' },
  ]);
});

test('elements of a list with names are compared by name, wherever they are', () => {
  const live = object({ list: [{ name: 'a', port: 1 }, { name: 'b', port: 2 }, { name: 'c' }] });
  const next = object({ list: [{ name: 'new' }, { name: 'b', port: 3 }, { name: 'a', port: 1 }] });
  expect(objectDiff(live, next)).toEqual([
    { path: '/list/1/port', op: 'replace', from: 2, to: 3 },
    { path: '/list/2', op: 'remove', from: { name: 'c' } },
    { path: '/list/0', op: 'add', to: { name: 'new' } },
    { path: '/list', op: 'replace', from: ['a', 'b'], to: ['b', 'a'] },
  ]);
});

test('elements of any other list are compared by their places', () => {
  const twice = [{ name: 'a', port: 1 }, { name: 'a' }];
  const changes = objectDiff(
    object({ args: ['x', 'y'], twice }),
    object({ args: ['x', 'z', 'w'], twice: [{ name: 'a', port: 2 }] }),
  );
  expect(changes).toEqual([
    { path: '/args/1', op: 'replace', from: 'y', to: 'z' },
    { path: '/args/2', op: 'add', to: 'w' },
    { path: '/twice/0/port', op: 'replace', from: 1, to: 2 },
    { path: '/twice/1', op: 'remove', from: { name: 'a' } },
  ]);
});

test('status, marks of restores and what the server sets are left aside', () => {
  const live = object(
    { status: { phase: 'Active' } },
    {
      ...{ uid: '1', resourceVersion: '5', generation: 2, managedFields: [{ manager: 'kubectl' }] },
      ...{ creationTimestamp: '2026-01-01T00:00:00Z', labels: { 'velero.io/backup-name': 'old' } },
    },
  );
  const next = object(
    { status: { phase: 'Terminating' } },
    {
      labels: { 'velero.io/backup-name': 'b', 'velero.io/restore-name': 'r' },
      annotations: { 'holdfast.dev/restore-uid': 'run:updated' },
    },
  );
  expect(objectDiff(live, next)).toEqual([]);
});

test('labels and annotations of the object itself are told', () => {
  const changes = objectDiff(
    object({}, { annotations: { a: '1' } }),
    object({}, { labels: { app: 'web' }, annotations: { a: '2' } }),
  );
  expect(changes).toEqual([
    { path: '/metadata/annotations/a', op: 'replace', from: '1', to: '2' },
    { path: '/metadata/labels', op: 'add', to: { app: 'web' } },
  ]);
});
