import { expect, test } from 'vitest';

import { whyNotReady } from '../../../domain/restore/item-readiness.ts';
import type { KubernetesObject } from '../../../domain/item.ts';

type Parts = Readonly<Record<string, unknown>>;
type Row = readonly [type: string, object: Parts | undefined, why: string | undefined];

const READY = { conditions: [{ type: 'Ready', status: 'True' }] };
const UNSEEN = 'its controller has not seen it as it is';

test.each<Row>([
  ['configmaps', undefined, 'it is not there'],
  ['configmaps', {}, undefined],
  [
    'configmaps',
    { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
    'it is being deleted',
  ],

  ['widgets.example.io', { status: READY }, undefined],
  ['widgets.example.io', { status: condition('Ready', 'Unknown') }, 'it is not Ready'],
  ['widgets.example.io', { status: condition('Degraded', 'False') }, undefined],
  ['widgets.example.io', { ...seen(2, 1), status: { observedGeneration: 1, ...READY } }, UNSEEN],
  ['widgets.example.io', { ...seen(2, 1), status: READY }, undefined],
  [
    'apiservices.apiregistration.k8s.io',
    { status: condition('Available', 'False') },
    'it is not Available',
  ],
  [
    'customresourcedefinitions.apiextensions.k8s.io',
    { status: condition('Established', 'False') },
    'it is not Established',
  ],

  ['namespaces', { status: { phase: 'Active' } }, undefined],
  ['namespaces', { status: { phase: 'Terminating' } }, 'it is Terminating'],
  ['persistentvolumeclaims', { status: { phase: 'Pending' } }, undefined],
  ['persistentvolumeclaims', { status: { phase: 'Bound' } }, undefined],
  ['persistentvolumeclaims', { status: { phase: 'Lost' } }, 'it is Lost'],
  ['persistentvolumeclaims', {}, 'it is in no phase'],

  ['pods', { status: { phase: 'Running', ...READY } }, undefined],
  ['pods', { status: { phase: 'Succeeded', ...condition('Ready', 'False') } }, undefined],
  ['pods', { status: { phase: 'Running', ...condition('Ready', 'False') } }, 'it is not Ready'],
  ['pods', { status: { phase: 'Pending' } }, 'it is not Ready'],

  ['deployments.apps', { ...seen(1, 1), spec: { replicas: 2 } }, '0 of its 2 replicas are ready'],
  ['deployments.apps', workload(1, 1), '1 of its 2 replicas are ready'],
  ['deployments.apps', workload(1, 2), undefined],
  ['deployments.apps', workload(2, 2), UNSEEN],
  ['deployments.apps', { metadata: { generation: 1 }, spec: { replicas: 0 } }, UNSEEN],
  ['statefulsets.apps', { ...seen(1, 1), spec: {} }, '0 of its 1 replicas are ready'],
  ['replicasets.apps', { ...seen(1, 1), spec: { replicas: 0 } }, undefined],
  ['daemonsets.apps', daemons(2), '2 of its 3 replicas are ready'],
  ['daemonsets.apps', daemons(3), undefined],
  ['daemonsets.apps', { metadata: { generation: 1 }, status: {} }, UNSEEN],
])('%s %j is ready, or lacks something', (...[type, parts, why]) => {
  const [resource = '', ...group] = type.split('.');
  const { metadata, ...others } = parts ?? {};
  const object: KubernetesObject = {
    ...{ metadata: { name: 'one', ...(metadata as object | undefined) } },
    ...others,
  };
  const item = { group: group.join('.'), resource };
  expect(whyNotReady(item, parts === undefined ? undefined : object)).toBe(why);
});

function condition(type: string, status: string): Parts {
  return { conditions: [{ type, status }] };
}

function seen(generation: number, observedGeneration: number): Parts {
  return { metadata: { generation }, status: { observedGeneration } };
}

/** A Deployment of two replicas. */
function workload(generation: number, readyReplicas: number): Parts {
  return {
    metadata: { generation },
    spec: { replicas: 2 },
    status: { observedGeneration: 1, readyReplicas, ...condition('Available', 'True') },
  };
}

function daemons(numberReady: number): Parts {
  const status = { observedGeneration: 1, desiredNumberScheduled: 3, numberReady };
  return { metadata: { generation: 1 }, status };
}
