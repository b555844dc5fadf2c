import { expect, test } from 'vitest';

import type { KubernetesObject, ResourceType } from '../../../domain/item.ts';
import { neededClaim } from '../../../domain/restore/claim-needs.ts';

const FAILED = new Set(['shop/data', 'shop/disk-db-1']);
const MOUNTING = { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] };

function needed(name: string, spec: object, namespace = 'shop') {
  const [resource = '', group = ''] = name.split('.');
  const type: ResourceType = { group, resource, version: 'v1', kind: '', isNamespaced: true };
  const object: KubernetesObject = { metadata: { namespace, name: 'db' }, spec };
  return neededClaim(type, object, FAILED);
}

test.each([
  ['pods', MOUNTING],
  ['deployments.apps', { template: { spec: MOUNTING } }],
  ['statefulsets.apps', { template: { spec: MOUNTING } }],
  ['jobs.batch', { template: { spec: MOUNTING } }],
  ['cronjobs.batch', { jobTemplate: { spec: { template: { spec: MOUNTING } } } }],
])('what mounts a claim needs it: %s', (name, spec) => {
  expect(needed(name, spec)).toBe('shop/data');
});

test('a stateful set needs the claims that it would make', () => {
  const spec = { template: { spec: {} }, volumeClaimTemplates: [{ metadata: { name: 'disk' } }] };
  expect(needed('statefulsets.apps', spec)).toBe('shop/disk-db-1');
});

test('claims of other names, namespaces and types are not needed', () => {
  expect(needed('pods', MOUNTING, 'bank')).toBeUndefined();
  expect(needed('configmaps', MOUNTING)).toBeUndefined();
  const other = { template: { spec: {} }, volumeClaimTemplates: [{ metadata: { name: 'dis' } }] };
  expect(needed('statefulsets.apps', other)).toBeUndefined();
});
