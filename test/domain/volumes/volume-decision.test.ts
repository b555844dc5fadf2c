import { expect, test } from 'vitest';

import {
  decideClaim,
  decidePodVolume,
  type Mount,
  type VolumeDecision,
  type VolumeRequest,
} from '../../../domain/volumes/volume-decision.ts';
import {
  claimFacts,
  persistentVolumeFacts,
  podFacts,
} from '../../../domain/volumes/volume-facts.ts';

interface Asked {
  readonly spec?: VolumeRequest['spec'];
  readonly isRequested?: true;
  readonly isExcluded?: true;
  readonly phase?: string;
}

const NEITHER = { snapshotVolumes: false, defaultVolumesToFsBackup: false };
const NO_SNAPSHOTS = { snapshotVolumes: false };
const SNAPSHOTS = { defaultVolumesToFsBackup: false };
const FILES = { defaultVolumesToFsBackup: true };

const COPIED: VolumeDecision = { action: 'fs-backup' };
const OPTED_OUT: VolumeDecision = { action: 'none', reason: 'opted-out' };
const NOT_REQUESTED: VolumeDecision = { action: 'none', reason: 'volumes-not-requested' };
const EPHEMERAL: VolumeDecision = { action: 'none', reason: 'ephemeral' };

function mountOf(source: object, { isRequested, isExcluded, phase = 'Running' }: Asked): Mount {
  const annotations = {
    'backup.velero.io/backup-volumes': isRequested ? 'other,v' : '',
    'backup.velero.io/backup-volumes-excludes': isExcluded ? 'v' : '',
  };
  const pod = podFacts({
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: { volumes: [{ name: 'v', ...source }] },
    status: { phase },
  });
  const [volume] = pod.volumes;
  if (volume === undefined) {
    throw new Error('the pod of the test has no volume');
  }
  return { pod, volume };
}

function fateOfClaim(asked: Asked, storage: object): VolumeDecision {
  const claim = claimFacts({
    metadata: { name: 'db', namespace: 'shop' },
    spec: { volumeName: 'pv' },
    status: { phase: 'Bound' },
  });
  const persistentVolume = persistentVolumeFacts({ metadata: { name: 'pv' }, spec: storage });
  const mount = mountOf({ persistentVolumeClaim: { claimName: 'db' } }, asked);
  const subject = { claim, persistentVolume, mount, isMadeForPod: false };
  return decideClaim(subject, { spec: asked.spec ?? {}, policies: [] });
}

test.each<[Asked, VolumeDecision]>([
  [{}, COPIED],
  [{ spec: NO_SNAPSHOTS }, NOT_REQUESTED],
  [{ spec: NO_SNAPSHOTS, isRequested: true }, COPIED],
  [{ spec: { ...NO_SNAPSHOTS, ...FILES } }, COPIED],
  [{ spec: { snapshotVolumes: true } }, COPIED],
  [{ spec: FILES }, COPIED],
  [{ spec: SNAPSHOTS }, { action: 'snapshot' }],
  [{ spec: NEITHER }, NOT_REQUESTED],
  [{ spec: NEITHER, isRequested: true }, COPIED],
  [{ spec: SNAPSHOTS, isRequested: true }, COPIED],
  [{ isExcluded: true }, OPTED_OUT],
  [{ spec: SNAPSHOTS, isExcluded: true }, OPTED_OUT],
  [{ spec: NEITHER, isExcluded: true }, OPTED_OUT],
  // Of both Velero looks at the first, or, where it takes every volume, at the second.
  [{ isRequested: true, isExcluded: true }, COPIED],
  [{ spec: NEITHER, isRequested: true, isExcluded: true }, COPIED],
  [{ spec: FILES, isRequested: true, isExcluded: true }, OPTED_OUT],
])('of a claim on CSI storage with %j becomes: %j', (asked, fate) => {
  expect(fateOfClaim(asked, { csi: { driver: 'ebs.csi.aws.com' } })).toEqual(fate);
});

test('a claim on storage that no CSI driver serves is copied where others are snapshotted', () => {
  expect(fateOfClaim({ spec: SNAPSHOTS }, { local: { path: '/srv' } })).toEqual(COPIED);
});

const OWN = { emptyDir: {} };
const INLINE = { csi: { driver: 'secrets.csi' } };
const SHARE = { nfs: { server: 'files', path: '/' } };

test.each<[object, Asked, VolumeDecision]>([
  [OWN, {}, EPHEMERAL],
  [OWN, { spec: FILES }, COPIED],
  [OWN, { spec: FILES, phase: 'Succeeded' }, EPHEMERAL],
  [OWN, { spec: FILES, isExcluded: true }, OPTED_OUT],
  [OWN, { spec: NEITHER, isRequested: true }, COPIED],
  [INLINE, { spec: FILES }, EPHEMERAL],
  [INLINE, { isRequested: true }, COPIED],
  [SHARE, {}, COPIED],
  [SHARE, { spec: SNAPSHOTS }, COPIED],
  [SHARE, { spec: NEITHER }, NOT_REQUESTED],
  [SHARE, { spec: NO_SNAPSHOTS }, NOT_REQUESTED],
  [SHARE, { isExcluded: true }, OPTED_OUT],
  [SHARE, { phase: 'Failed' }, COPIED],
  [{ hostPath: { path: '/' } }, { isRequested: true }, { action: 'none', reason: 'host-path' }],
  [{ secret: { secretName: 's' } }, { spec: FILES }, { action: 'none', reason: 'made-anew' }],
])("of a pod's own volume %j with %j becomes: %j", (source, asked, fate) => {
  const request = { spec: asked.spec ?? {}, policies: [] };
  expect(decidePodVolume(mountOf(source, asked), request)).toEqual(fate);
});
