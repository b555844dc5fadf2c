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
const context = { spec, marks: { backupLabel: 'b', restoreLabel: 'r', runUid: 'uid' } };

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
    content: { type: 'kubernetes.io/service-account-token' },
    reason: 'the token of a service account is issued anew',
  },
  { resource: 'secrets', content: { type: 'Opaque' } },
  { resource: 'persistentvolumes', content: { spec: { persistentVolumeReclaimPolicy: 'Retain' } } },
])('of $resource with $content a restore says: $reason', ({ resource, group, content, reason }) => {
  expect(skipReason(typeOf(resource, group), { metadata: { name: 'x' }, ...content })).toBe(reason);
});
