import { Failure, type FailureReport } from '../failure.ts';
import { type Fields, fields } from '../fields.ts';
import { apiVersionOf, type KubernetesObject, type ResourceType } from '../item.ts';
import { DEFINITION } from '../plugins/plugin-resource.ts';
import { type Revision, revisionOf } from '../revision.ts';
import { OWN_GROUP } from '../selection/own-parts.ts';
import { type EndpointSpec, type EndpointStatus, parseEndpoint } from './endpoint.ts';

/** The custom resource in which notification endpoints are kept, in Holdfast's own namespace. */
export const NOTIFICATION_ENDPOINT: ResourceType = {
  group: OWN_GROUP,
  version: 'v1',
  resource: 'notificationendpoints',
  kind: 'NotificationEndpoint',
  isNamespaced: true,
};

const text = (description: string) => ({ type: 'string', maxLength: 32_768, description });
const texts = (description: string) => ({
  ...{ type: 'array', maxItems: 100, description },
  items: { type: 'string', maxLength: 253 },
});

const SPEC_SCHEMA = {
  type: 'object',
  description: 'docs/notifications.md has the fields; Holdfast checks them when it reads them.',
  required: ['url'],
  properties: {
    url: text('Where events are sent; what is secret belongs into the Secret.'),
    events: texts(
      'Names of events, or all of a kind: backup.failed, restore.*. All when left out.',
    ),
    schedules: texts('Only events of what these schedules make.'),
    locations: texts('Only events of these storage locations.'),
    secretRef: {
      type: 'object',
      description: 'The Secret of the same namespace with the signing keys and headers.',
      required: ['name'],
      properties: { name: text('Name of the Secret.') },
    },
    caCert: text('Certificate authority of the URL, PEM.'),
  },
  'x-kubernetes-preserve-unknown-fields': true,
};

const STATUS_SCHEMA = {
  type: 'object',
  description: 'What came of the attempts to deliver.',
  'x-kubernetes-preserve-unknown-fields': true,
};

/** deploy/kubernetes/notification-endpoint-definition.yaml is the same. */
export const ENDPOINT_DEFINITION: KubernetesObject = {
  apiVersion: apiVersionOf(DEFINITION),
  kind: DEFINITION.kind,
  metadata: { name: `${NOTIFICATION_ENDPOINT.resource}.${NOTIFICATION_ENDPOINT.group}` },
  spec: {
    group: NOTIFICATION_ENDPOINT.group,
    scope: 'Namespaced',
    names: {
      ...{ kind: NOTIFICATION_ENDPOINT.kind, listKind: 'NotificationEndpointList' },
      ...{ plural: NOTIFICATION_ENDPOINT.resource, singular: 'notificationendpoint' },
    },
    versions: [
      {
        ...{ name: NOTIFICATION_ENDPOINT.version, served: true, storage: true },
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A URL to which Holdfast sends what happens to backups and restores.',
            required: ['spec'],
            properties: { spec: SPEC_SCHEMA, status: STATUS_SCHEMA },
          },
        },
        additionalPrinterColumns: [
          { name: 'URL', type: 'string', jsonPath: '.spec.url' },
          { name: 'State', type: 'string', jsonPath: '.status.state' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      },
    ],
  },
};

/** An endpoint that is kept. People can write to it, so it may be one that cannot be used. */
export interface KeptEndpoint {
  readonly name: string;
  readonly revision: Revision;
  readonly status: EndpointStatus;
  /** Left out for one that cannot be used. */
  readonly spec?: EndpointSpec;
  /** Why it cannot be used. */
  readonly problem?: FailureReport;
}

/** An endpoint as it is kept. */
export function endpointObject(
  { name, spec }: { readonly name: string; readonly spec: Fields },
  namespace: string,
): KubernetesObject {
  return {
    ...{ apiVersion: apiVersionOf(NOTIFICATION_ENDPOINT), kind: NOTIFICATION_ENDPOINT.kind },
    metadata: { name, namespace, labels: { 'app.kubernetes.io/name': 'holdfast' } },
    spec: { ...spec },
  };
}

/** What is kept of an endpoint. */
export function keptEndpoint({ metadata, spec, status }: KubernetesObject): KeptEndpoint {
  const known = fields(status);
  // Only Holdfast writes the status.
  const told = ('state' in known ? known : { state: 'Untried' }) as unknown as EndpointStatus;
  const kept = { name: metadata.name, revision: revisionOf(metadata), status: told };
  try {
    return { ...kept, spec: parseEndpoint(fields(spec)) };
  } catch (error) {
    if (error instanceof Failure) {
      const { code, message, subject } = error;
      const problem = { code, message, ...(subject === undefined ? {} : { subject }) };
      return { ...kept, problem };
    }
    throw error;
  }
}
