import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseResourcePolicies } from '../../../domain/volumes/resource-policy.ts';

function policiesOf(document: unknown) {
  const read = parseResourcePolicies(document);
  if ('errors' in read) {
    throw new Error(read.errors.map(({ detail }) => detail).join('\n'));
  }
  return read.policies;
}

function errorsOf(document: unknown): Record<string, string> {
  const read = parseResourcePolicies(document);
  const errors = 'errors' in read ? read.errors : [];
  expect(
    errors.every(
      ({ code, detail, pointer }) => code === 'policy-not-usable' && detail.startsWith(pointer),
    ),
  ).toBe(true);
  return Object.fromEntries(
    errors.map(({ pointer, detail }) => [pointer.replace('resourcePolicy:', ''), detail]),
  );
}

function withConditions(conditions: unknown) {
  return { version: 'v1', volumePolicies: [{ conditions, action: { type: 'skip' } }] };
}

test('all that Velero writes in resource policies is read', () => {
  const conditions = {
    capacity: '10Gi,100Gi',
    storageClass: ['gp2', 'gp3'],
    nfs: { server: '10.0.0.1', path: '/data' },
    csi: { driver: 'ebs.csi.aws.com', volumeAttributes: { type: 'gp3' } },
    volumeTypes: ['csi', 'nfs', 'storageOS', 'awsAzureDisk'],
    pvcLabels: { 'app.kubernetes.io/name': 'db' },
    pvcPhase: ['Bound', 'Pending'],
    pvcVolumeMode: 'Block',
    pvcAccessModes: ['ReadWriteMany'],
  };
  const parameters = { snapshotClass: 'fast', dataMover: 'velero' };
  const includeExcludePolicy = {
    includedClusterScopedResources: ['storageclasses'],
    excludedNamespaceScopedResources: ['events', 'pods'],
  };
  const namespacedFilterPolicies = [{ namespaces: ['shop'], resourceFilters: [] }];
  const document = {
    version: 'v1',
    volumePolicies: [{ conditions, action: { type: 'snapshot', parameters } }],
    includeExcludePolicy,
    namespacedFilterPolicies,
  };
  expect(policiesOf(document)).toEqual({
    volumePolicies: [
      {
        conditions: {
          ...conditions,
          capacity: { lowBytes: 10 * 2 ** 30, highBytes: 100 * 2 ** 30 },
          pvcVolumeMode: ['Block'],
        },
        action: 'snapshot',
        parameters,
      },
    ],
    includeExclude: includeExcludePolicy,
    filterPolicies: { namespacedFilterPolicies },
  });
});

test('sections that are left out or empty say nothing', () => {
  expect(policiesOf({ version: 'v1' })).toEqual({ volumePolicies: [] });
  const empty = { version: 'v1', volumePolicies: null, includeExcludePolicy: null };
  expect(policiesOf({ ...empty, clusterScopedFilterPolicy: null })).toEqual({ volumePolicies: [] });
  const bare = { version: 'v1', volumePolicies: [{ action: { type: 'fs-backup' } }] };
  expect(policiesOf(bare).volumePolicies).toEqual([{ conditions: {}, action: 'fs-backup' }]);
});

test.each([
  ['10Gi,', { lowBytes: 10 * 2 ** 30 }],
  [' , 1e3', { lowBytes: 0, highBytes: 1000 }],
  [',', { lowBytes: 0 }],
  ['5,0', { lowBytes: 5 }],
  ['1k,1000', { lowBytes: 1000, highBytes: 1000 }],
])('the capacity "%s" is a range', (capacity, range) => {
  const [policy] = policiesOf(withConditions({ capacity })).volumePolicies;
  expect(policy?.conditions.capacity).toEqual(range);
});

test.each(['', '10Gi', '1,2,3', '10GB,', '-1,5', '2,1'])(
  'the capacity "%s" is refused',
  (capacity) => {
    expect(Object.keys(errorsOf(withConditions({ capacity })))).toEqual([
      '/volumePolicies/0/conditions/capacity',
    ]);
  },
);

test('all that is wrong is told at once, each with its place and the remedy', () => {
  const errors = errorsOf({
    version: 1,
    volumePolicy: [],
    volumePolicies: [
      { conditions: { capacity: 5, storageClass: 'gp2', size: '1' }, action: { type: 'copy' } },
      { conditions: { volumeTypes: ['nfs', 'floppy'], csi: null }, action: { type: 'custom' } },
      { conditions: { csi: { volumeAttributes: { a: 1 } }, nfs: { port: '1' } } },
      {
        conditions: { pvcLabels: { 'a/b': true }, pvcPhase: ['Gone'] },
        when: 'now',
        action: { type: 'skip', parameters: 'x' },
      },
      'skip',
    ],
    includeExcludePolicy: {
      includedClusterScopedResources: ['*'],
      includedNamespaceScopedResources: ['pods'],
      excludedNamespaceScopedResources: ['pods'],
      includedResources: [],
    },
  });
  expect(errors).toEqual({
    '/volumePolicy': expect.stringContaining(
      'is not known; the fields are version, volumePolicies',
    ) as string,
    '/version': expect.stringContaining('must be v1') as string,
    '/volumePolicies/0/conditions/size': expect.stringContaining('is not known') as string,
    '/volumePolicies/0/conditions/capacity': expect.stringContaining(
      'must be two quantities',
    ) as string,
    '/volumePolicies/0/conditions/storageClass': expect.stringContaining(
      'must be a list',
    ) as string,
    '/volumePolicies/0/action/type': expect.stringContaining(
      'must be one of skip, snapshot, fs-backup',
    ) as string,
    '/volumePolicies/1/conditions/volumeTypes/1': expect.stringContaining(
      'must be one of awsAzureDisk',
    ) as string,
    '/volumePolicies/1/conditions/csi': expect.stringContaining('an empty one is {}') as string,
    '/volumePolicies/1/action/type': expect.stringContaining('custom needs a plugin') as string,
    '/volumePolicies/2/conditions/csi/driver': expect.stringContaining(
      'must name the driver',
    ) as string,
    '/volumePolicies/2/conditions/csi/volumeAttributes/a': expect.stringContaining(
      'in quotes',
    ) as string,
    '/volumePolicies/2/conditions/nfs/port': expect.stringContaining('is not known') as string,
    '/volumePolicies/2/action': expect.stringContaining('must be a mapping') as string,
    '/volumePolicies/3/when': expect.stringContaining(
      'the fields are conditions, action',
    ) as string,
    '/volumePolicies/3/conditions/pvcLabels/a~1b': expect.stringContaining('in quotes') as string,
    '/volumePolicies/3/conditions/pvcPhase/0': expect.stringContaining(
      'must be one of Pending',
    ) as string,
    '/volumePolicies/3/action/parameters': expect.stringContaining('must be a mapping') as string,
    '/volumePolicies/4': expect.stringContaining('must be a mapping') as string,
    '/includeExcludePolicy/includedResources': expect.stringContaining('is not known') as string,
    '/includeExcludePolicy/includedClusterScopedResources': expect.stringContaining(
      'must name types',
    ) as string,
    '/includeExcludePolicy/excludedNamespaceScopedResources': expect.stringContaining(
      'in one place',
    ) as string,
  });
});

test.each([undefined, null, '', 'v1', 5, [], [{ version: 'v1' }]])(
  'a document that is no mapping is refused: %j',
  (document) => {
    expect(errorsOf(document)).toEqual({
      '': 'resourcePolicy: must be a mapping; an empty one is {}',
    });
  },
);

test('whatever the document, it is read or refused, and never with endless errors', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const read = parseResourcePolicies({ version: 'v1', volumePolicies: value });
      expect('errors' in read ? read.errors.length : 1).toBeGreaterThan(0);
    }),
  );
  const many = Array.from({ length: 5000 }, () => 'wrong');
  expect(Object.keys(errorsOf({ version: 'v1', volumePolicies: many })).length).toBe(100);
});
