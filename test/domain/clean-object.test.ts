import { expect, test } from 'vitest';

import { cleanObject, skipReason } from '../../domain/clean-object.ts';
import type { KubernetesObject, ResourceType } from '../../domain/item.ts';
import type { RestoreSpec } from '../../domain/restore.ts';

const spec: RestoreSpec = {
  cluster: 'local',
  backupName: 'b',
  includedNamespaces: ['*'],
  excludedNamespaces: [],
  namespaceMapping: { shop: 'copy' },
};
const context = {
  spec,
  marks: { backupLabel: 'b', restoreLabel: 'r', runUid: 'uid' },
  keptVolumes: new Set(['kept']),
};

function typeOf(resource: string, group = ''): ResourceType {
  return { group, version: 'v1', resource, kind: resource, isNamespaced: true };
}

function clean(type: ResourceType, object: Partial<KubernetesObject>): KubernetesObject {
  return cleanObject(type, { metadata: { name: 'x', namespace: 'shop' }, ...object }, context);
}

test('what the server sets goes, what people set stays, and the marks are put on', () => {
  const metadata = {
    ...{ name: 'x', namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: 't' },
    labels: { app: 'web' },
    annotations: { note: 'mine' },
    finalizers: ['keep/me'],
  };
  expect(clean(typeOf('configmaps'), { metadata, status: {}, data: { a: 'b' } })).toEqual({
    metadata: {
      ...{ name: 'x', namespace: 'copy', finalizers: ['keep/me'] },
      labels: { app: 'web', 'velero.io/backup-name': 'b', 'velero.io/restore-name': 'r' },
      annotations: { note: 'mine', 'holdfast.dev/restore-uid': 'uid:created' },
    },
    data: { a: 'b' },
  });
});

test('a service gets a new address, unless it has none on purpose', () => {
  const ports = [{ port: 80, nodePort: 30_000 }];
  const service = clean(typeOf('services'), {
    spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports },
  });
  expect(service['spec']).toEqual({ ports: [{ port: 80 }] });
  const headless = clean(typeOf('services'), { spec: { clusterIP: 'None' } });
  expect(headless['spec']).toEqual({ clusterIP: 'None' });
});

test('a pod is free to run anywhere, and gets a new token', () => {
  const pod = clean(typeOf('pods'), {
    spec: {
      nodeName: 'node-a',
      volumes: [{ name: 'kube-api-access-1' }, { name: 'data' }],
      containers: [{ volumeMounts: [{ name: 'kube-api-access-1' }, { name: 'data' }] }],
    },
  });
  expect(pod['spec']).toEqual({
    volumes: [{ name: 'data' }],
    containers: [{ volumeMounts: [{ name: 'data' }] }],
  });
});

test('the namespaces of subjects are mapped too', () => {
  const binding = clean(typeOf('rolebindings', 'rbac.authorization.k8s.io'), {
    subjects: [
      { name: 'web', namespace: 'shop' },
      { name: 'other', namespace: 'elsewhere' },
    ],
  });
  expect(binding['subjects']).toMatchObject([{ namespace: 'copy' }, { namespace: 'elsewhere' }]);
});

test.each([
  {
    resource: 'jobs',
    group: 'batch',
    content: { status: { completionTime: 't' } },
    reason: 'the job had completed',
  },
  { resource: 'pods', content: { status: { phase: 'Succeeded' } }, reason: 'the pod had ended' },
  { resource: 'pods', content: { status: { phase: 'Running' } } },
  {
    resource: 'secrets',
    name: 'web-token-x7f2q',
    content: tokenSecret(),
    reason: 'the token of a service account is issued anew',
  },
  { resource: 'secrets', name: 'made-by-hand', content: tokenSecret() },
  { resource: 'secrets', content: { type: 'Opaque' } },
  {
    resource: 'ipaddresses',
    group: 'networking.k8s.io',
    content: { labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } },
    reason: 'the address of a service is allocated anew',
  },
  { resource: 'ipaddresses', group: 'networking.k8s.io', content: {} },
  { resource: 'persistentvolumes', content: { spec: { persistentVolumeReclaimPolicy: 'Retain' } } },
])('of $resource $name with $content a restore says: $reason', (row) => {
  const { resource, group, name = 'x', content, reason } = row;
  const { annotations = {}, labels = {}, ...rest } = content as RowContent;
  const object: KubernetesObject = { metadata: { name, annotations, labels }, ...rest };
  expect(skipReason(typeOf(resource, group), object)).toBe(reason);
});

interface RowContent {
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

function tokenSecret() {
  return {
    type: 'kubernetes.io/service-account-token',
    annotations: { 'kubernetes.io/service-account.name': 'web' },
  };
}

test('a token secret made by hand comes back without the old token', () => {
  const secret = clean(typeOf('secrets'), {
    metadata: {
      name: 'made-by-hand',
      annotations: {
        'kubernetes.io/service-account.name': 'web',
        'kubernetes.io/service-account.uid': 'old',
      },
    },
    type: 'kubernetes.io/service-account-token',
    data: { token: 'old', 'ca.crt': 'old', namespace: 'old', extra: 'mine' },
  });
  expect(secret.metadata.annotations).toEqual({
    'kubernetes.io/service-account.name': 'web',
    'holdfast.dev/restore-uid': 'uid:created',
  });
  expect(secret['data']).toEqual({ extra: 'mine' });
});

test('a claim keeps to its volume if that volume is restored, and is free otherwise', () => {
  const type = typeOf('persistentvolumeclaims');
  expect(clean(type, { spec: { volumeName: 'kept' } })['spec']).toEqual({ volumeName: 'kept' });
  expect(clean(type, { spec: { volumeName: 'gone' } })['spec']).toEqual({});
});

test('a volume waits for its claim under the name that the namespace has now', () => {
  const volume = clean(typeOf('persistentvolumes'), {
    metadata: { name: 'kept', annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
    spec: { claimRef: { namespace: 'shop', name: 'data', uid: 'u', resourceVersion: '1' } },
  });
  expect(volume['spec']).toEqual({ claimRef: { namespace: 'copy', name: 'data' } });
  expect(volume.metadata.annotations).toEqual({ 'holdfast.dev/restore-uid': 'uid:created' });
});

const PORTS = [
  { name: 'http', port: 80, nodePort: 30_080 },
  { name: 'https', port: 443, nodePort: 30_443 },
];

test.each([
  {
    by: 'the text that kubectl applied',
    metadata: {
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
          spec: { ports: [{ name: 'http', port: 80, nodePort: 30_080 }, { name: 'https' }] },
        }),
      },
    },
  },
  {
    by: 'the managed fields',
    metadata: {
      managedFields: [
        {
          fieldsV1: {
            'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { 'f:nodePort': {} } } },
          },
        },
      ],
    },
  },
])('a node port is kept where it was asked for, by $by', ({ metadata }) => {
  const service = clean(typeOf('services'), {
    metadata: { name: 'x', namespace: 'shop', ...metadata },
    spec: { ports: structuredClone(PORTS), healthCheckNodePort: 31_000 },
  });
  expect(service['spec']).toEqual({ ports: [PORTS[0], { name: 'https', port: 443 }] });
});
