import { expect, test } from 'vitest';

import { comparableObject } from '../../../domain/restore/same-object.ts';
import { hookPod } from '../../support/hook-pod.ts';
import { SPEC, typeNamed, unmarked, wantedOf } from '../../support/wanted-fixture.ts';

const MARK = 'holdfast.dev/restore-uid';

test('what the server sets goes, what people set stays, and the marks are put on', () => {
  const metadata = {
    ...{ name: 'x', namespace: 'shop', generateName: 'x-', selfLink: '/x', uid: 'u' },
    ...{ resourceVersion: '1', generation: 2, creationTimestamp: 't', deletionTimestamp: 't' },
    ...{
      deletionGracePeriodSeconds: 1,
      managedFields: [{ manager: 'm' }],
      finalizers: ['keep/me'],
    },
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' }],
    labels: { app: 'web', 'velero.io/backup-name': 'older' },
    annotations: { note: 'mine', 'holdfast.dev/restore-uid': 'older:created' },
  };
  const stored = { metadata, status: {}, data: { a: 'b' } };
  const before = structuredClone(stored);
  expect(wantedOf('configmaps', stored)).toEqual({
    kind: 'wanted',
    object: {
      metadata: {
        ...{ name: 'x', namespace: 'copy', finalizers: ['keep/me'] },
        labels: { app: 'web', 'velero.io/backup-name': 'b', 'velero.io/restore-name': 'r' },
        annotations: { note: 'mine', 'holdfast.dev/restore-uid': 'uid:created:configmaps/copy/x' },
      },
      data: { a: 'b' },
    },
  });
  expect(stored).toEqual(before);
});

test('an object that is skipped says why', () => {
  const object = { metadata: { name: 'x' }, status: { phase: 'Failed' } };
  expect(wantedOf('pods', object)).toEqual({ kind: 'skip', reason: 'the pod had ended' });
});

test.each([
  { spec: { finalizers: ['kubernetes'] }, kept: undefined },
  { spec: { finalizers: ['kubernetes', 'mine.io/x'] }, kept: true },
  { spec: undefined, kept: undefined },
])('a namespace is mapped, and has its spec $spec: $kept', ({ spec, kept }) => {
  const wanted = wantedOf('namespaces', { metadata: { name: 'shop' }, spec });
  expect(unmarked(wanted)).toEqual({
    metadata: { name: 'copy' },
    ...(kept === true ? { spec } : {}),
  });
});

test('the status is wanted where it is asked for and there', () => {
  const rules = { rules: { statusTypes: ['widgets.example.com'] } };
  const metadata = { name: 'x' };
  const status = { phase: 'Ready' };
  expect(wantedOf('widgets.example.com', { metadata, status }, rules)).toMatchObject({
    // Until it has its status the mark says so.
    object: { metadata: { annotations: { [MARK]: 'uid:creating:widgets.example.com/x' } } },
    status,
  });
  expect(wantedOf('widgets.example.com', { metadata }, rules)).toMatchObject({
    object: { metadata: { annotations: { [MARK]: 'uid:created:widgets.example.com/x' } } },
  });
  expect(wantedOf('widgets.example.com', { metadata }, rules)).not.toHaveProperty('status');
  expect(wantedOf('gadgets.example.com', { metadata, status }, rules)).not.toHaveProperty('status');
});

test('managed fields are wanted where somebody applied on the server', () => {
  const applied = [{ manager: 'argocd', operation: 'Apply' }, { operation: 'Update' }];
  const of = (managedFields: object[]) =>
    wantedOf('pods', { metadata: { name: 'x', managedFields } });
  expect(of(applied)).toMatchObject({ managedFields: applied });
  expect(of([{ operation: 'Update' }])).not.toHaveProperty('managedFields');
});

test('modifiers see an object in its old namespace, after the other rules, and what they make is marked', () => {
  const claim = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    metadata: { name: 'x', namespace: 'shop', uid: 'u', labels: { a: '1' } },
    spec: { storageClassName: 'old' },
  };
  const conditions = {
    ...{ groupResource: 'persistentvolumeclaims', namespaces: ['shop'] },
    matches: [
      { path: '/spec/storageClassName', value: '"new"' },
      { path: '/metadata/uid', value: 'null' },
    ],
  };
  const patch = {
    kind: 'merge',
    patches: ['{"metadata":{"labels":null},"spec":{"b":2}}'],
  } as const;
  const rules = { storageClassMapping: { old: 'new' }, modifiers: [{ conditions, patch }] };
  const wanted = wantedOf('persistentvolumeclaims', claim, { rules });
  expect(wanted).toMatchObject({
    object: { metadata: { labels: { 'velero.io/restore-name': 'r' } } },
  });
  expect(unmarked(wanted)).toEqual({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    metadata: { name: 'x', namespace: 'copy' },
    spec: { storageClassName: 'new', b: 2 },
  });
});

test('an object that a modifier cannot be applied to fails', () => {
  const conditions = { groupResource: '*', namespaces: [], matches: [] };
  const operations = [{ op: 'remove', path: '/data/a' }] as const;
  const rules = { modifiers: [{ conditions, patch: { kind: 'json', operations } as const }] };
  const object = { metadata: { name: 'x', namespace: 'shop' } };
  expect(wantedOf('configmaps', object, { rules })).toEqual({
    kind: 'failed',
    reason: expect.stringMatching(/^rule 1 of the resource modifiers .* \/data\/a/) as unknown,
  });
});

test('a pod whose init hook cannot be added is not restored, and says why', () => {
  const annotations = {
    'init.hook.restore.velero.io/container-image': 'busybox:1.36',
    'init.hook.restore.velero.io/timeout': '5x',
  };
  expect(wantedOf('pods', hookPod(annotations))).toEqual({
    kind: 'failed',
    reason:
      'hook-failed: an init container cannot be added: annotation init.hook.restore.velero.io/timeout is "5x", which is no duration such as 30s',
  });
  expect(wantedOf('podtemplates', hookPod(annotations))).toMatchObject({ kind: 'wanted' });
});

test('init containers of hooks of an earlier restore are taken out of pods that are compared', () => {
  const hook = { name: 'wait', image: 'busybox:1.36' };
  const init = { initContainers: [hook] };
  // Namespaces of hooks are those of the cluster, and the pod is restored from `shop` into `copy`.
  const hooks = { resources: [{ name: 'w', includedNamespaces: ['copy'], postHooks: [{ init }] }] };
  const pod = hookPod({}, { initContainers: [{ ...hook, tty: false }, { name: 'own' }] });
  const wanted = unmarked(wantedOf('pods', pod, { spec: { hooks } }));
  expect(wanted).toHaveProperty('spec.initContainers', [{ name: 'own' }]);
  const live = { ...pod, metadata: { ...pod.metadata, namespace: 'copy' } };
  const context = { spec: { ...SPEC, hooks }, keptVolumes: new Set<string>() };
  expect(comparableObject(typeNamed('pods'), live, context)['spec']).toHaveProperty(
    'initContainers',
    [{ name: 'own' }],
  );
});
