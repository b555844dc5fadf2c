import { expect, test } from 'vitest';

import { unmarked, wantedOf } from '../../support/wanted-fixture.ts';

type Content = Record<string, unknown>;

interface Row {
  readonly says: string;
  readonly type: string;
  readonly name?: string;
  readonly metadata?: Content;
  readonly from: Content;
  /** What becomes of `metadata` and of the rest. */
  readonly metadataWanted?: Content;
  readonly to: Content;
}

const TOKEN_MOUNTS = ['kube-api-access-1', 'web-token-x', 'data'].map((name) => ({ name }));
const subjects = (...namespaces: string[]) =>
  namespaces.map((namespace) => ({ kind: 'ServiceAccount', name: 'web', namespace }));
const webhooks = (...effects: (string | undefined)[]) =>
  effects.map((sideEffects) => ({
    name: 'w',
    ...(sideEffects === undefined ? {} : { sideEffects }),
  }));
const VERSIONS = [{ schema: { openAPIV3Schema: { type: 'object' } } }, { name: 'v2' }];
const UID_LABELS = { 'controller-uid': 'u', 'batch.kubernetes.io/controller-uid': 'u' };
const tokenOf = (annotations: Record<string, string>, data: Content) => ({
  metadata: { annotations: { 'kubernetes.io/service-account.name': 'web', ...annotations } },
  rest: { type: 'kubernetes.io/service-account-token', data },
});
const GIVEN_TOKEN = tokenOf(
  { 'kubernetes.io/service-account.uid': 'old' },
  { token: 'old', 'ca.crt': 'old', namespace: 'old', extra: 'mine' },
);
const EMPTY_TOKEN = tokenOf({}, { extra: 'mine' });

const POD_ROWS: Row[] = [
  {
    ...{ says: 'may run anywhere, and gets a new token', type: 'pods' },
    from: {
      spec: {
        ...{
          nodeName: 'node-a',
          priority: 7,
          serviceAccountName: 'web',
          priorityClassName: 'high',
        },
        ephemeralContainers: [{ name: 'debug' }],
        volumes: TOKEN_MOUNTS,
        containers: [{ volumeMounts: TOKEN_MOUNTS }, { name: 'bare' }],
        initContainers: [{ volumeMounts: TOKEN_MOUNTS }],
      },
    },
    to: {
      spec: {
        ...{ serviceAccountName: 'web', priorityClassName: 'high' },
        volumes: [{ name: 'data' }],
        containers: [{ volumeMounts: [{ name: 'data' }] }, { name: 'bare' }],
        initContainers: [{ volumeMounts: [{ name: 'data' }] }],
      },
    },
  },
  {
    ...{ says: 'keeps a volume that looks like the token of no account', type: 'pods' },
    from: { spec: { serviceAccountName: '', volumes: [{ name: '-token-x' }] } },
    to: { spec: { serviceAccountName: '', volumes: [{ name: '-token-x' }] } },
  },
  {
    ...{ says: 'selects its pods by a new uid', type: 'jobs.batch' },
    metadata: { labels: { ...UID_LABELS, app: 'web' } },
    from: {
      spec: {
        selector: { matchLabels: { ...UID_LABELS } },
        template: { metadata: { labels: { ...UID_LABELS, app: 'web' } } },
      },
    },
    metadataWanted: { labels: { app: 'web' } },
    to: {
      spec: { selector: { matchLabels: {} }, template: { metadata: { labels: { app: 'web' } } } },
    },
  },
];

const ACCESS_ROWS: Row[] = [
  {
    ...{ says: 'made by hand comes back without the old token', type: 'secrets', name: 'by-hand' },
    ...{ metadata: GIVEN_TOKEN.metadata, from: GIVEN_TOKEN.rest },
    ...{ metadataWanted: EMPTY_TOKEN.metadata, to: EMPTY_TOKEN.rest },
  },
  {
    ...{ says: 'of another type keeps what it holds', type: 'secrets' },
    ...{ from: { type: 'Opaque', data: { token: 'mine' } } },
    ...{ to: { type: 'Opaque', data: { token: 'mine' } } },
  },
  {
    ...{ says: 'lets go of its made tokens', type: 'serviceaccounts', name: 'web' },
    from: { secrets: [{ name: 'web-token-x' }, { name: 'web-pull' }] },
    to: { secrets: [{ name: 'web-pull' }] },
  },
  ...['rolebindings', 'clusterrolebindings'].map((resource) => ({
    ...{
      says: 'names the accounts of mapped namespaces',
      type: `${resource}.rbac.authorization.k8s.io`,
    },
    from: { subjects: [...subjects('shop', 'elsewhere'), { kind: 'User', name: 'jane' }] },
    to: { subjects: [...subjects('copy', 'elsewhere'), { kind: 'User', name: 'jane' }] },
  })),
];

const VOLUME_ROWS: Row[] = [
  {
    ...{ says: 'is free to be bound anew', type: 'persistentvolumeclaims' },
    metadata: {
      annotations: {
        ...{
          'pv.kubernetes.io/bind-completed': 'yes',
          'pv.kubernetes.io/bound-by-controller': 'yes',
        },
        'volume.beta.kubernetes.io/storage-provisioner': 'p',
        'volume.kubernetes.io/storage-provisioner': 'p',
        'volume.kubernetes.io/selected-node': 'node-a',
        ...{
          'velero.io/volume-snapshot-name': 's',
          'velero.io/data-upload-name': 'u',
          note: 'mine',
        },
      },
    },
    from: { spec: { volumeName: 'gone', storageClassName: 'fast' } },
    metadataWanted: { annotations: { note: 'mine' } },
    to: { spec: { storageClassName: 'fast' } },
  },
  {
    ...{ says: 'keeps to a volume that is restored', type: 'persistentvolumeclaims' },
    from: { spec: { volumeName: 'kept' } },
    to: { spec: { volumeName: 'kept' } },
  },
  {
    ...{ says: 'waits for its claim where that is now', type: 'persistentvolumes', name: 'kept' },
    metadata: {
      annotations: {
        ...{
          'pv.kubernetes.io/bind-completed': 'yes',
          'pv.kubernetes.io/bound-by-controller': 'yes',
        },
        'pv.kubernetes.io/provisioned-by': 'p',
      },
    },
    from: {
      spec: { claimRef: { namespace: 'shop', name: 'data', uid: 'u', resourceVersion: '1' } },
    },
    metadataWanted: { annotations: { 'pv.kubernetes.io/provisioned-by': 'p' } },
    to: { spec: { claimRef: { namespace: 'copy', name: 'data' } } },
  },
];

const ADMISSION = 'admissionregistration.k8s.io';
const DEFINITION = 'customresourcedefinitions.apiextensions.k8s.io';

const CLUSTER_ROWS: Row[] = [
  ...['mutating', 'validating'].map((kind) => ({
    ...{
      says: 'has no side effects that v1 refuses',
      type: `${kind}webhookconfigurations.${ADMISSION}`,
    },
    from: {
      apiVersion: `${ADMISSION}/v1`,
      webhooks: webhooks('Unknown', 'NoneOnDryRun', undefined),
    },
    to: { apiVersion: `${ADMISSION}/v1`, webhooks: webhooks('None', 'NoneOnDryRun', 'None') },
  })),
  {
    ...{ says: 'of v1beta1 is left alone', type: `mutatingwebhookconfigurations.${ADMISSION}` },
    from: { apiVersion: `${ADMISSION}/v1beta1`, webhooks: webhooks('Unknown') },
    to: { apiVersion: `${ADMISSION}/v1beta1`, webhooks: webhooks('Unknown') },
  },
  {
    ...{ says: 'keeps unknown fields by its schemas', type: DEFINITION },
    from: {
      apiVersion: 'apiextensions.k8s.io/v1',
      spec: { preserveUnknownFields: true, versions: VERSIONS },
    },
    to: {
      apiVersion: 'apiextensions.k8s.io/v1',
      spec: {
        versions: [
          {
            schema: {
              openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
          { name: 'v2' },
        ],
      },
    },
  },
  ...[
    { apiVersion: 'apiextensions.k8s.io/v1', preserveUnknownFields: false },
    { apiVersion: 'apiextensions.k8s.io/v1beta1', preserveUnknownFields: true },
  ].map(({ apiVersion, preserveUnknownFields }) => ({
    ...{ says: `of ${apiVersion} is left alone`, type: DEFINITION },
    from: { apiVersion, spec: { preserveUnknownFields, versions: VERSIONS } },
    to: { apiVersion, spec: { preserveUnknownFields, versions: VERSIONS } },
  })),
];

test.each([...POD_ROWS, ...ACCESS_ROWS, ...VOLUME_ROWS, ...CLUSTER_ROWS])(
  'an object of $type $says',
  ({ type, name = 'x', metadata = {}, metadataWanted = {}, from, to }) => {
    const wanted = wantedOf(type, { metadata: { name, namespace: 'shop', ...metadata }, ...from });
    expect(unmarked(wanted)).toEqual({
      metadata: { name, namespace: 'copy', ...metadataWanted },
      ...to,
    });
  },
);
