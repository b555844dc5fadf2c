import { Failure } from '../failure.ts';
import { type Fields, fields } from '../fields.ts';
import { apiVersionOf, type KubernetesObject, type ResourceType } from '../item.ts';
import { DEFINITION } from '../plugins/plugin-resource.ts';
import { revisionOf } from '../revision.ts';
import { OWN_GROUP } from '../selection/own-parts.ts';
import type { LocationHealth } from './location-health.ts';
import { type KeptLocation, storageLocation } from '../storage-location.ts';

/** The custom resource in which storage locations are kept, in Holdfast's own namespace. */
export const STORAGE_LOCATION: ResourceType = {
  group: OWN_GROUP,
  version: 'v1',
  resource: 'storagelocations',
  kind: 'StorageLocation',
  isNamespaced: true,
};

const text = (description: string) => ({ type: 'string', maxLength: 4096, description });

/** deploy/kubernetes/storage-location-definition.yaml is the same. */
export const STORAGE_LOCATION_DEFINITION: KubernetesObject = {
  apiVersion: apiVersionOf(DEFINITION),
  kind: DEFINITION.kind,
  metadata: { name: `${STORAGE_LOCATION.resource}.${STORAGE_LOCATION.group}` },
  spec: {
    group: STORAGE_LOCATION.group,
    scope: 'Namespaced',
    names: {
      ...{ kind: STORAGE_LOCATION.kind, listKind: 'StorageLocationList' },
      ...{ plural: STORAGE_LOCATION.resource, singular: 'storagelocation' },
    },
    versions: [
      {
        ...{ name: STORAGE_LOCATION.version, served: true, storage: true },
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A bucket and prefix, or a folder, in which Holdfast keeps backups.',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                description:
                  'docs/locations.md has the fields; Holdfast checks them when it reads them.',
                required: ['provider'],
                properties: {
                  provider: { type: 'string', enum: ['s3', 'folder'] },
                  isDefault: {
                    type: 'boolean',
                    description: 'Whether requests that name no location mean this one.',
                  },
                  bucket: text('Name of the bucket.'),
                  prefix: text('Prefix of all keys in the bucket.'),
                  region: text('Region of the bucket; us-east-1 when left out.'),
                  endpoint: text('URL of the server; left out for AWS.'),
                  path: text('Absolute path of a folder.'),
                },
                'x-kubernetes-preserve-unknown-fields': true,
              },
              status: {
                type: 'object',
                description: 'What the last check found.',
                required: ['phase', 'checkedAt', 'conditions'],
                properties: {
                  phase: { type: 'string' },
                  checkedAt: { type: 'string', format: 'date-time' },
                  observedGeneration: { type: 'integer', format: 'int64' },
                  conditions: {
                    type: 'array',
                    items: {
                      type: 'object',
                      required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
                      properties: {
                        type: { type: 'string' },
                        status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
                        reason: { type: 'string' },
                        message: { type: 'string' },
                        lastTransitionTime: { type: 'string', format: 'date-time' },
                      },
                    },
                  },
                },
              },
            },
          },
        },
        additionalPrinterColumns: [
          { name: 'Provider', type: 'string', jsonPath: '.spec.provider' },
          { name: 'Bucket', type: 'string', jsonPath: '.spec.bucket' },
          { name: 'Prefix', type: 'string', jsonPath: '.spec.prefix' },
          { name: 'Default', type: 'boolean', jsonPath: '.spec.isDefault' },
          { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      },
    ],
  },
};

/** What is asked of a location that is kept: its fields, and whether it is the default one. */
export type LocationSpec = Fields;

/** A location as it is kept. */
export function locationObject(
  { name, spec }: { readonly name: string; readonly spec: LocationSpec },
  namespace: string,
): KubernetesObject {
  return {
    ...{ apiVersion: apiVersionOf(STORAGE_LOCATION), kind: STORAGE_LOCATION.kind },
    metadata: { name, namespace, labels: { 'app.kubernetes.io/name': 'holdfast' } },
    spec: { ...spec },
  };
}

/** A location that is kept. People can write to it, so it may be one that cannot be used. */
export function keptLocation({ metadata, spec, status }: KubernetesObject): KeptLocation {
  const { name } = metadata;
  const asked = fields(spec);
  const isDefault = asked['isDefault'] === true;
  const revision = revisionOf(metadata);
  const version = `${revision.uid}/${String(revision.generation)}`;
  const told = fields(status);
  // The definition above has the cluster check the shape, whoever writes it.
  const health = 'conditions' in told ? { health: told as unknown as LocationHealth } : {};
  const kept = { name, version, revision, spec: asked, isDefault, ...health };
  try {
    return { ...kept, location: parseLocation(name, asked) };
  } catch (error) {
    if (error instanceof Failure) {
      const { code, message, subject } = error;
      const problem = { code, message, ...(subject === undefined ? {} : { subject }) };
      return { ...kept, problem };
    }
    throw error;
  }
}

/** A location from the `spec` of a resource or a request. Throws `invalid-request` that names the field. */
export function parseLocation(name: string, { isDefault = false, ...location }: LocationSpec) {
  if (typeof isDefault !== 'boolean') {
    throw new Failure('invalid-request', 'spec.isDefault must be true or false', {
      subject: 'spec.isDefault',
    });
  }
  return storageLocation(name, location, 'spec');
}
