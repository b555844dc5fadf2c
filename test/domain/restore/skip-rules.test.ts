import { expect, test } from 'vitest';

import type { KubernetesObject } from '../../../domain/item.ts';
import { skipReason } from '../../../domain/restore/skip-rules.ts';
import { typeNamed } from '../../support/wanted-fixture.ts';

const TOKEN = 'the token of a service account is issued anew';
const SERVED = 'the API server makes it by itself';
const ENDPOINTS = 'the cluster makes the endpoints of a service by itself';
const ENDED = 'the pod had ended';
const MANAGED_SLICE = 'endpointslice.kubernetes.io/managed-by';
const MANAGED_ADDRESS = 'ipaddress.kubernetes.io/managed-by';

interface Row {
  readonly type: string;
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly content?: Record<string, unknown>;
  /** Why it is not restored; left out where it is. */
  readonly reason?: string;
}

const tokenSecret = {
  content: { type: 'kubernetes.io/service-account-token' },
  annotations: { 'kubernetes.io/service-account.name': 'web' },
};
const mirrored = (value: string) => ({ 'kubernetes.io/config.mirror': value });
const service = { service: { name: 'metrics', namespace: 'shop' } };

test.each<Row>([
  {
    type: 'jobs.batch',
    content: { status: { completionTime: 't' } },
    reason: 'the job had completed',
  },
  { type: 'jobs.batch', content: { status: { completionTime: '' } } },
  { type: 'jobs.batch', content: { status: { active: 1 } } },
  { type: 'jobs.example.com', content: { status: { completionTime: 't' } } },
  { type: 'pods', content: { status: { phase: 'Succeeded' } }, reason: ENDED },
  { type: 'pods', content: { status: { phase: 'Failed' } }, reason: ENDED },
  { type: 'pods', content: { status: { phase: 'Running' } } },
  { type: 'pods', annotations: mirrored('h'), reason: 'the pod mirrors a static pod of a node' },
  { type: 'pods', annotations: mirrored('') },
  {
    type: 'apiservices.apiregistration.k8s.io',
    labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' },
    content: { spec: service },
    reason: SERVED,
  },
  { type: 'apiservices.apiregistration.k8s.io', content: { spec: {} }, reason: SERVED },
  {
    type: 'apiservices.apiregistration.k8s.io',
    content: { spec: { service: null } },
    reason: SERVED,
  },
  { type: 'apiservices.apiregistration.k8s.io', content: { spec: service } },
  { type: 'apiservices.apiregistration.k8s.io' },
  { type: 'secrets', name: 'web-token-x7f2q', ...tokenSecret, reason: TOKEN },
  { type: 'secrets', name: 'web-token-x7f2q', content: { type: 'Opaque' } },
  { type: 'secrets', name: 'made-by-hand', ...tokenSecret },
  {
    type: 'persistentvolumes',
    content: { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
    reason: 'the volume is provisioned anew for its claim',
  },
  { type: 'persistentvolumes', content: { spec: { persistentVolumeReclaimPolicy: 'Retain' } } },
  {
    type: 'ipaddresses.networking.k8s.io',
    labels: { [MANAGED_ADDRESS]: 'ipallocator.k8s.io' },
    reason: 'the address of a service is allocated anew',
  },
  { type: 'ipaddresses.networking.k8s.io', labels: { [MANAGED_ADDRESS]: 'somebody' } },
  {
    type: 'endpointslices.discovery.k8s.io',
    labels: { [MANAGED_SLICE]: 'endpointslice-controller.k8s.io' },
    reason: ENDPOINTS,
  },
  {
    type: 'endpointslices.discovery.k8s.io',
    labels: { [MANAGED_SLICE]: 'endpointslicemirroring-controller.k8s.io' },
    reason: ENDPOINTS,
  },
  { type: 'endpointslices.discovery.k8s.io', labels: { [MANAGED_SLICE]: 'mesh.example.com' } },
  {
    type: 'endpoints',
    labels: { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
    reason: ENDPOINTS,
  },
  { type: 'endpoints' },
  { type: 'datauploads.velero.io', reason: 'it was an order to the data mover of the source' },
])('of $type $name with $labels $annotations $content a restore says: $reason', (row) => {
  const { type, name = 'x', labels = {}, annotations = {}, content = {}, reason } = row;
  const object: KubernetesObject = { metadata: { name, labels, annotations }, ...content };
  expect(skipReason(typeNamed(type), object)).toBe(reason);
});
