import { parseExact } from '../../domain/exact-number.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import { typeOf } from './stored-backup.ts';

/** The name of what is in no namespace. */
export const OWN = `rules-${String(process.pid)}`;
/** The group of the custom resources. */
export const GROUP = `${OWN}.holdfast.dev`;
const SIZE = typeOf('Size', `sizes.${GROUP}`);
const RBAC = 'rbac.authorization.k8s.io';
const ADMISSION = 'admissionregistration.k8s.io';

const UID_LABELS = { 'controller-uid': 'old', 'batch.kubernetes.io/controller-uid': 'old' };
const CONTAINER = { name: 'main', image: 'old.io/team/pause:1' };
const TOKEN = { name: 'kube-api-access-old' };
const POD = {
  schedulingGates: [{ name: 'holdfast.dev/never' }],
  nodeName: 'gone',
  volumes: [{ ...TOKEN, projected: { sources: [] } }],
  containers: [{ ...CONTAINER, volumeMounts: [{ ...TOKEN, mountPath: '/token' }] }],
};
/** The ports of the service: what the user asked for, and what the cluster gave. */
export const PORTS = [
  { name: 'asked', port: 80, protocol: 'TCP', nodePort: 32_711 },
  { name: 'given', port: 81, protocol: 'TCP', nodePort: 32_712 },
];
const APPLIED = JSON.stringify({ spec: { ports: [PORTS[0], { name: 'given', port: 81 }] } });
const SCHEMA = {
  type: 'object',
  properties: {
    spec: { type: 'object', properties: { bytes: { type: 'integer', format: 'int64' } } },
    status: { type: 'object', properties: { phase: { type: 'string' } } },
  },
};
const DEFINITION = {
  group: GROUP,
  scope: 'Namespaced',
  names: { plural: 'sizes', singular: 'size', kind: 'Size', listKind: 'SizeList' },
  versions: [
    {
      ...{ name: 'v1', served: true, storage: true, subresources: { status: {} } },
      schema: { openAPIV3Schema: SCHEMA },
    },
  ],
};
const MANAGED = [
  {
    ...{ manager: 'argocd', operation: 'Apply', apiVersion: `${GROUP}/v1`, fieldsType: 'FieldsV1' },
    fieldsV1: { 'f:spec': { 'f:bytes': {} } },
  },
];

/** Objects as another cluster had them in namespace `shop`, so that each rule of a restore has one that it changes. */
export function rulesBackup(): ArchiveItem[] {
  return [
    clusterItem('CustomResourceDefinition', 'customresourcedefinitions.apiextensions.k8s.io', {
      spec: DEFINITION,
    }),
    clusterItem('StorageClass', 'storageclasses.storage.k8s.io', {
      provisioner: 'holdfast.dev/no',
    }),
    clusterItem('ValidatingWebhookConfiguration', `validatingwebhookconfigurations.${ADMISSION}`, {
      webhooks: [
        {
          ...{ name: 'never.holdfast.dev', admissionReviewVersions: ['v1'], rules: [] },
          ...{ sideEffects: 'Unknown', failurePolicy: 'Ignore' },
          clientConfig: { url: 'https://localhost:1/' },
        },
      ],
    }),
    item('Job', 'jobs.batch', {
      metadata: { labels: UID_LABELS },
      spec: {
        ...{ suspend: true, selector: { matchLabels: UID_LABELS } },
        template: {
          metadata: { labels: { ...UID_LABELS, app: 'x' } },
          spec: { restartPolicy: 'Never', containers: [CONTAINER] },
        },
      },
    }),
    item('Pod', 'pods', { spec: POD, status: { phase: 'Running' } }),
    item('Service', 'services', {
      metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': APPLIED } },
      spec: {
        ...{ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: PORTS },
        ...{ clusterIP: '203.0.113.1', clusterIPs: ['203.0.113.1'], selector: { app: 'x' } },
      },
    }),
    item('ServiceAccount', 'serviceaccounts', {
      metadata: { name: 'default' },
      ...{ secrets: [{ name: 'default-token-old' }], imagePullSecrets: [{ name: 'pull' }] },
    }),
    item('RoleBinding', `rolebindings.${RBAC}`, {
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
    }),
    item('PersistentVolumeClaim', 'persistentvolumeclaims', {
      spec: {
        ...{ storageClassName: 'old', accessModes: ['ReadWriteOnce'], volumeName: 'old' },
        resources: { requests: { storage: '1Mi' } },
      },
    }),
    item('Size', `sizes.${GROUP}`, {
      metadata: { managedFields: MANAGED },
      spec: parseExact('{"bytes":9007199254740993}'),
      status: { phase: 'Ready' },
    }),
    {
      type: SIZE,
      object: {
        metadata: {
          name: 'bad',
          namespace: 'shop',
          annotations: { 'velero.io/restore-status': 'true' },
        },
        status: { phase: 7 },
      },
    },
    {
      type: SIZE,
      object: {
        metadata: {
          name: 'plain',
          namespace: 'shop',
          annotations: { 'velero.io/restore-status': 'false' },
        },
        status: { phase: 'Ready' },
      },
    },
  ];
}

function item(kind: string, groupResource: string, object: object): ArchiveItem {
  const { metadata, ...content } = { metadata: {}, ...object };
  const whole = { metadata: { name: 'x', namespace: 'shop', ...metadata }, ...content };
  return { type: typeOf(kind, groupResource), object: whole };
}

function clusterItem(kind: string, groupResource: string, object: object): ArchiveItem {
  const name = groupResource.startsWith('customres') ? `sizes.${GROUP}` : OWN;
  return { type: typeOf(kind, groupResource, false), object: { metadata: { name }, ...object } };
}
