import { expect, test } from 'vitest';

import { groupResource } from '../../../domain/item.ts';
import { isOfFailedGroup, resolveName } from '../../../domain/selection/resource-names.ts';
import { served } from './served-types.ts';

const TYPES = [
  served('pods', { kind: 'Pod', shortNames: ['po'] }),
  served('services', { kind: 'Service', shortNames: ['svc'] }),
  served('events', { kind: 'Event', shortNames: ['ev'] }),
  served('deployments.apps', { kind: 'Deployment', shortNames: ['deploy'] }),
  served('ingresses.networking.k8s.io', { kind: 'Ingress', shortNames: ['ing'] }),
  served('events.events.k8s.io', { kind: 'Event', shortNames: ['ev'] }),
  served('services.serving.knative.dev', { kind: 'Service', shortNames: ['ksvc'] }),
  served('po.rivers.example.com', { kind: 'River', singular: 'river' }),
];

function namesOf(name: string) {
  const resolved = resolveName(name, TYPES);
  return resolved && [resolved.taken, ...resolved.others].map(groupResource);
}

test.each([
  ['pods', ['pods']],
  ['pod', ['pods']],
  ['Pod', ['pods']],
  ['PODS', ['pods']],
  ['pods.v1', ['pods']],
  ['pods.v1.', ['pods']],
  ['deployments', ['deployments.apps']],
  ['deployments.apps', ['deployments.apps']],
  ['deploy', ['deployments.apps']],
  ['deploy.apps', ['deployments.apps']],
  ['Deployment.apps', ['deployments.apps']],
  ['deployments.v1.apps', ['deployments.apps']],
  ['ingresses.networking', ['ingresses.networking.k8s.io']],
  ['river', ['po.rivers.example.com']],
  ['services.serving.knative.dev', ['services.serving.knative.dev']],
])('the name "%s" stands for %o', (name, types) => {
  expect(namesOf(name)).toEqual(types);
});

test.each([
  ['services', ['services', 'services.serving.knative.dev']],
  ['Service', ['services', 'services.serving.knative.dev']],
  // A plural wins over a short name, as with kubectl.
  ['po', ['po.rivers.example.com', 'pods']],
])('of the types that "%s" may stand for, the first is taken: %o', (name, types) => {
  expect(namesOf(name)).toEqual(types);
});

test.each(['events', 'ev', 'events.events.k8s.io', 'events.v1.events.k8s.io'])(
  'types that hold the same objects are no ambiguity: "%s" stands for the one that is backed up',
  (name) => {
    expect(namesOf(name)).toEqual(['events']);
  },
);

test('the second of two such types is taken where the first is not served', () => {
  const types = [served('events.events.k8s.io', { kind: 'Event' })];
  expect(resolveName('events', types)?.taken).toBe(types[0]);
});

test('a group that is no longer served stands for the one that has its objects now', () => {
  expect(namesOf('ingresses.extensions')).toEqual(['ingresses.networking.k8s.io']);
});

test.each(['', '.', 'podz', 'pods.apps', 'deployments.v2.apps', 'v1.pods', 'constructor'])(
  'the name "%s" stands for nothing',
  (name) => {
    expect(namesOf(name)).toBeUndefined();
  },
);

test('a name of a group that does not answer is told from a name that nobody knows', () => {
  const failed = ['metrics.example.com/v1beta1'];
  expect(isOfFailedGroup('widgets.metrics.example.com', failed)).toBe(true);
  expect(isOfFailedGroup('Widgets.v1beta1.metrics.example.com', failed)).toBe(true);
  expect(isOfFailedGroup('widgets.example.com', failed)).toBe(false);
  expect(isOfFailedGroup('widgets', failed)).toBe(false);
});
