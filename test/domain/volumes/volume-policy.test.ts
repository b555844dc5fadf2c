import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { VolumePolicy } from '../../../domain/volumes/resource-policy.ts';
import { parseResourcePolicies } from '../../../domain/volumes/resource-policy.ts';
import {
  claimTraits,
  matchPolicy,
  podVolumeTraits,
  type VolumeTraits,
} from '../../../domain/volumes/volume-policy.ts';

const GI = 2 ** 30;
const BLOCK: VolumeTraits = {
  capacityBytes: 20 * GI,
  storageClass: 'gp3',
  csi: { driver: 'ebs.csi.aws.com', volumeAttributes: { type: 'gp3', encrypted: 'true' } },
  types: ['csi'],
  claim: {
    labels: { tier: 'gold', app: 'db' },
    phase: 'Bound',
    volumeMode: 'Block',
    accessModes: ['ReadWriteOnce'],
  },
};
const SHARE: VolumeTraits = {
  capacityBytes: 0,
  nfs: { server: 'files', path: '/srv' },
  types: ['nfs'],
};

function policyOf(conditions: object, type = 'skip'): VolumePolicy {
  const read = parseResourcePolicies({
    version: 'v1',
    volumePolicies: [{ conditions, action: { type } }],
  });
  const [policy] = 'policies' in read ? read.policies.volumePolicies : [];
  if (policy === undefined) {
    throw new Error('the policy of the test is wrong');
  }
  return policy;
}

function matches(conditions: object, volume: VolumeTraits): boolean {
  return matchPolicy([policyOf(conditions)], volume) !== undefined;
}

test.each<[object, boolean, boolean]>([
  [{}, true, true],
  [{ capacity: '10Gi,20Gi' }, true, false],
  [{ capacity: '20Gi,' }, true, false],
  [{ capacity: ',19Gi' }, false, true],
  [{ capacity: '21Gi,22Gi' }, false, false],
  [{ capacity: ',' }, true, true],
  [{ storageClass: ['gp2', 'gp3'] }, true, false],
  [{ storageClass: ['gp2'] }, false, false],
  [{ storageClass: [] }, true, true],
  [{ nfs: {} }, false, true],
  [{ nfs: { server: 'files' } }, false, true],
  [{ nfs: { path: '/srv' } }, false, true],
  [{ nfs: { server: 'files', path: '/other' } }, false, false],
  [{ nfs: { server: 'other', path: '/srv' } }, false, false],
  [{ csi: {} }, true, false],
  [{ csi: { driver: 'ebs.csi.aws.com' } }, true, false],
  [{ csi: { driver: 'efs.csi.aws.com' } }, false, false],
  [{ csi: { driver: 'ebs.csi.aws.com', volumeAttributes: { type: 'gp3' } } }, true, false],
  [{ csi: { driver: 'ebs.csi.aws.com', volumeAttributes: { type: 'io2' } } }, false, false],
  [{ volumeTypes: ['csi', 'local'] }, true, false],
  [{ volumeTypes: ['nfs'] }, false, true],
  [{ pvcLabels: { tier: 'gold' } }, true, false],
  [{ pvcLabels: { tier: 'gold', app: 'web' } }, false, false],
  [{ pvcPhase: ['Bound', 'Lost'] }, true, false],
  [{ pvcPhase: ['Pending'] }, false, false],
  [{ pvcVolumeMode: ['Block'] }, true, false],
  [{ pvcVolumeMode: ['Filesystem'] }, false, false],
  [{ pvcAccessModes: ['ReadWriteOnce', 'ReadWriteMany'] }, true, false],
  [{ pvcAccessModes: ['ReadWriteMany'] }, false, false],
])('the conditions %j hold for a block volume: %s, for a share: %s', (conditions, block, share) => {
  expect([matches(conditions, BLOCK), matches(conditions, SHARE)]).toEqual([block, share]);
});

test('a policy matches when each of its conditions does', () => {
  const one = fc.constantFrom(
    { capacity: '10Gi,' },
    { capacity: ',10Gi' },
    { storageClass: ['gp3'] },
    { storageClass: ['gp2'] },
    { nfs: {} },
    { csi: {} },
    { volumeTypes: ['nfs'] },
    { pvcPhase: ['Bound'] },
  );
  fc.assert(
    fc.property(fc.array(one), fc.constantFrom(BLOCK, SHARE), (parts, volume) => {
      const all = Object.fromEntries<unknown>(
        parts.flatMap((part) => Object.entries<unknown>(part)),
      );
      const single = Object.entries(all).every(([name, value]) =>
        matches({ [name]: value }, volume),
      );
      expect(matches(all, volume)).toBe(single);
    }),
  );
});

test('the first policy that matches wins, whatever comes after it', () => {
  const policy = fc
    .record({
      storageClass: fc.constantFrom(['gp2'], ['gp3'], []),
      type: fc.constantFrom('skip', 'snapshot', 'fs-backup'),
    })
    .map(({ storageClass, type }) => policyOf({ storageClass }, type));
  fc.assert(
    fc.property(fc.array(policy), (policies) => {
      const first = policies.find((one) => matchPolicy([one], BLOCK) !== undefined);
      expect(matchPolicy(policies, BLOCK)).toBe(first);
    }),
  );
});

test('a claim has the traits of its volume, and without one those that it asks for', () => {
  const claim = {
    ...{ namespace: 'shop', name: 'db', uid: 'u', phase: 'Pending', labels: {}, accessModes: [] },
    ...{ storageClass: 'asked', requestedBytes: 5, volumeMode: 'Filesystem' },
  };
  const traits = { capacityBytes: 5, storageClass: 'asked', types: [], claim };
  expect(claimTraits(claim, undefined, false)).toEqual(traits);
  const volume = {
    name: 'pv',
    capacityBytes: 9,
    type: 'nfs',
    nfs: { server: 's', path: '/' },
  } as const;
  expect(claimTraits(claim, volume, true)).toEqual({
    capacityBytes: 9,
    nfs: volume.nfs,
    types: ['nfs', 'ephemeral'],
    claim,
  });
});

test("a pod's own volume has the kind of its source, and no size", () => {
  const volume = { name: 'v', source: 'storageos' };
  expect(podVolumeTraits(volume)).toEqual({ capacityBytes: 0, types: ['storageOS'] });
});
