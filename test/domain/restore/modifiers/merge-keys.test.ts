import { expect, test } from 'vitest';

import { mergeKeysIn } from '../../../../domain/restore/modifiers/merge-keys.ts';

// Goal: what the API server publishes of strategic merge patches is found at every depth, and ends where schemas do not.

const DOCUMENT = {
  components: {
    schemas: {
      Deployment: {
        type: 'object',
        'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
        properties: {
          metadata: { allOf: [{ $ref: '#/components/schemas/ObjectMeta' }] },
          spec: { default: {}, allOf: [{ $ref: '#/components/schemas/DeploymentSpec' }] },
        },
      },
      Pod: {
        'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Pod' }],
        properties: { spec: { $ref: '#/components/schemas/PodSpec' } },
      },
      ObjectMeta: {
        properties: {
          finalizers: {
            ...{ type: 'array', items: { type: 'string' } },
            'x-kubernetes-patch-strategy': 'merge',
          },
        },
      },
      DeploymentSpec: {
        properties: {
          strategy: { type: 'object', 'x-kubernetes-patch-strategy': 'retainKeys' },
          template: { allOf: [{ $ref: '#/components/schemas/PodSpec' }] },
        },
      },
      PodSpec: {
        properties: {
          containers: {
            ...{ type: 'array', items: { allOf: [{ $ref: '#/components/schemas/Container' }] } },
            ...{ 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge' },
          },
          volumes: {
            ...{ type: 'array', items: { type: 'object' } },
            'x-kubernetes-patch-merge-key': 'name',
            'x-kubernetes-patch-strategy': 'merge,retainKeys',
          },
          tolerations: { type: 'array', items: { type: 'object' } },
        },
      },
      Container: {
        properties: {
          args: { type: 'array', items: { type: 'string' } },
          ports: {
            ...{ type: 'array', items: { type: 'object' } },
            'x-kubernetes-patch-merge-key': 'containerPort',
            'x-kubernetes-patch-strategy': 'merge',
          },
          within: { $ref: '#/components/schemas/Container' },
        },
      },
    },
  },
};

test('each kind has its merged lists by their paths', () => {
  expect(mergeKeysIn(DOCUMENT)).toEqual({
    'apps/v1/Deployment': {
      lists: {
        'metadata/finalizers': {},
        'spec/template/containers': { mergeKey: 'name' },
        'spec/template/containers/*/ports': { mergeKey: 'containerPort' },
        'spec/template/volumes': { mergeKey: 'name' },
      },
    },
    'v1/Pod': {
      lists: {
        'spec/containers': { mergeKey: 'name' },
        'spec/containers/*/ports': { mergeKey: 'containerPort' },
        'spec/volumes': { mergeKey: 'name' },
      },
    },
  });
});

test('a document that is none has no kinds', () => {
  expect(mergeKeysIn({})).toEqual({});
  expect(mergeKeysIn(undefined)).toEqual({});
});
