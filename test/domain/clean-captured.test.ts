import { expect, test } from 'vitest';

import { cleanCaptured } from '../../domain/clean-captured.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { typeOf } from '../support/stored-backup.ts';

// Goal: a claim in a backup is free of what ties it to its cluster, and nothing else is touched. Method: claims and
// what becomes of them, written out after Velero's `velero.io/pv`.

const CLAIMS = typeOf('PersistentVolumeClaim', 'persistentvolumeclaims');
const SOURCES = {
  dataSource: { kind: 'VolumeSnapshot', name: 's', apiGroup: 'snapshot.storage.k8s.io' },
  dataSourceRef: { kind: 'VolumeSnapshot', name: 's', apiGroup: 'snapshot.storage.k8s.io' },
};
const SELECTOR = { matchLabels: { disk: 'fast' } };
const ADDED = { 'velero.io/dynamic-pv-restore': 'shop.data.x' };
const EXPRESSIONS = [{ key: 'disk', operator: 'Exists' }];
const BOUND = { phase: 'Bound' };
const PENDING = { phase: 'Pending' };

interface ClaimParts {
  readonly spec: object;
  readonly status?: object;
  readonly labels?: Record<string, string>;
}

function claim({ spec, status = BOUND, labels }: ClaimParts): KubernetesObject {
  const metadata = { name: 'data', namespace: 'shop', ...(labels === undefined ? {} : { labels }) };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec, status };
}

const CHANGED: readonly { title: string; before: ClaimParts; after: ClaimParts }[] = [
  {
    title: 'a bound claim loses where its data came from',
    before: { spec: { ...SOURCES, volumeName: 'pv-1' } },
    after: { spec: { volumeName: 'pv-1' } },
  },
  {
    title: 'a bound claim of a class loses its selector',
    before: { spec: { selector: SELECTOR, storageClassName: 'fast', volumeName: 'pv-1' } },
    after: { spec: { storageClassName: 'fast', volumeName: 'pv-1' } },
  },
  {
    title: 'a bound claim that names no class loses its selector',
    before: { spec: { selector: SELECTOR } },
    after: { spec: {} },
  },
  {
    title: 'a bound claim without a class keeps its selector, and loses its source',
    before: { spec: { ...SOURCES, selector: SELECTOR, storageClassName: '' } },
    after: { spec: { selector: SELECTOR, storageClassName: '' } },
  },
  {
    title: 'labels of the run that made a claim go, and others stay',
    before: {
      spec: {},
      labels: { app: 'db', 'velero.io/backup-name': 'b', 'velero.io/restore-name': 'r' },
    },
    after: { spec: {}, labels: { app: 'db' } },
  },
  {
    title: 'labels of the run go from a claim that is not bound as well',
    before: { spec: SOURCES, status: PENDING, labels: { 'velero.io/restore-name': 'r' } },
    after: { spec: SOURCES, status: PENDING, labels: {} },
  },
  {
    title: 'the part of a selector that a restore of Velero added goes, and the rest stays',
    before: {
      spec: {
        selector: { matchLabels: { disk: 'fast', ...ADDED } },
      },
      status: PENDING,
    },
    after: { spec: { selector: SELECTOR }, status: PENDING },
  },
  {
    title: 'a selector that a restore of Velero made goes as a whole',
    before: {
      spec: { selector: { matchLabels: ADDED, matchExpressions: [] }, storageClassName: 'fast' },
      status: PENDING,
    },
    after: { spec: { storageClassName: 'fast' }, status: PENDING },
  },
  {
    title: 'a selector that has expressions stays for them',
    before: {
      spec: { selector: { matchLabels: ADDED, matchExpressions: EXPRESSIONS } },
      status: PENDING,
    },
    after: {
      spec: { selector: { matchLabels: {}, matchExpressions: EXPRESSIONS } },
      status: PENDING,
    },
  },
  {
    title: 'a static claim loses a selector that a restore of Velero made',
    before: { spec: { selector: { matchLabels: ADDED }, storageClassName: '' } },
    after: { spec: { storageClassName: '' } },
  },
];

test.each(CHANGED)('$title', ({ before, after }) => {
  const object = claim(before);
  const untouched = structuredClone(object);
  expect(cleanCaptured(CLAIMS, object)).toEqual(claim(after));
  expect(object).toEqual(untouched);
});

const KEPT: readonly { title: string; parts: ClaimParts }[] = [
  {
    title: 'a claim that waits for its data keeps all that says where it comes from',
    parts: { spec: { ...SOURCES, selector: SELECTOR, storageClassName: 'fast' }, status: PENDING },
  },
  { title: 'a claim without a status counts as not bound', parts: { spec: SOURCES, status: {} } },
  {
    title: 'a bound claim with nothing to lose is taken as its text stands',
    parts: { spec: { storageClassName: 'fast', volumeName: 'pv-1' }, labels: { app: 'db' } },
  },
  {
    title: 'a static claim keeps the selector by which it finds its volume',
    parts: { spec: { selector: SELECTOR, storageClassName: '' } },
  },
];

test.each(KEPT)('$title', ({ parts }) => {
  expect(cleanCaptured(CLAIMS, claim(parts))).toBeUndefined();
});

test('an object of any other type is taken as its text stands', () => {
  const object = claim({ spec: SOURCES, labels: { 'velero.io/restore-name': 'r' } });
  const others = [
    typeOf('PersistentVolume', 'persistentvolumes', false),
    typeOf('PersistentVolumeClaim', 'persistentvolumeclaims.example.com'),
    typeOf('Pod', 'pods'),
  ];
  expect(others.map((type) => cleanCaptured(type, object))).toEqual(others.map(() => undefined));
});
