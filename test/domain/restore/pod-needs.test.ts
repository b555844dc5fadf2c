import { expect, test } from 'vitest';

import { neededByPod } from '../../../domain/restore/pod-needs.ts';

const metadata = { name: 'web', namespace: 'shop' };

test('a pod needs the claims that it names and its priority class, and makes its ephemeral ones', () => {
  const volumes = [
    { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
    { name: 'cache', ephemeral: { volumeClaimTemplate: {} } },
    { name: 'settings', configMap: { name: 'settings' } },
  ];
  expect(neededByPod({ metadata, spec: { priorityClassName: 'urgent', volumes } })).toEqual([
    'persistentvolumeclaims/shop/data',
    'priorityclasses.scheduling.k8s.io/urgent',
  ]);
});

test('a pod of the default priority and without volumes needs nothing', () => {
  expect(neededByPod({ metadata, spec: { priorityClassName: '' } })).toEqual([]);
  expect(neededByPod({ metadata })).toEqual([]);
});
