import type { BackupSpec } from '../backup.ts';
import type { CoverageReason, VolumeCoverage } from '../coverage.ts';
import type { VolumePolicy } from './resource-policy.ts';
import {
  type ClaimFacts,
  hasEnded,
  type PersistentVolumeFacts,
  type PodFacts,
  type PodVolume,
} from './volume-facts.ts';
import { claimTraits, matchPolicy, podVolumeTraits, type VolumeTraits } from './volume-policy.ts';

/** What a request says about volumes. */
export interface VolumeRequest {
  readonly spec: Pick<BackupSpec, 'snapshotVolumes' | 'defaultVolumesToFsBackup'>;
  readonly policies: readonly VolumePolicy[];
}

/** What should be done with a volume; with a reason if nothing should. */
export type VolumeDecision = Pick<VolumeCoverage, 'action' | 'reason'>;

/** A volume in the pod that has it. */
export interface Mount {
  readonly pod: PodFacts;
  readonly volume: PodVolume;
}

/** A claim, and who mounts it. */
export interface ClaimSubject {
  readonly claim: ClaimFacts;
  readonly persistentVolume: PersistentVolumeFacts | undefined;
  /** The mount that decides; left out where no pod that runs has the claim. */
  readonly mount: Mount | undefined;
  /** Whether the claim is made for its pod, and goes with it. */
  readonly isMadeForPod: boolean;
}

/** Where the content of a volume comes from, if it is not storage that outlives its pod. */
const NATURES: Readonly<Record<string, 'made-anew' | 'host-path' | 'ephemeral'>> = {
  configMap: 'made-anew',
  downwardAPI: 'made-anew',
  gitRepo: 'made-anew',
  image: 'made-anew',
  projected: 'made-anew',
  secret: 'made-anew',
  hostPath: 'host-path',
  csi: 'ephemeral',
  emptyDir: 'ephemeral',
};

/** What becomes of a claim that is in the backup. It is in unless something leaves it out. */
export function decideClaim(subject: ClaimSubject, request: VolumeRequest): VolumeDecision {
  const { claim, persistentVolume, mount, isMadeForPod } = subject;
  const traits = claimTraits(claim, persistentVolume, isMadeForPod);
  const decision =
    decide(traits, mount, request) ?? byDefault(request, traits.csi === undefined ? 'file' : 'csi');
  if (decision.reason !== undefined) {
    return decision;
  }
  const obstacle = obstacleOf(subject, decision);
  return obstacle === undefined ? decision : none(obstacle);
}

/** Why nothing of a claim can be copied though it should be. */
function obstacleOf(
  { claim, persistentVolume }: ClaimSubject,
  { action }: VolumeDecision,
): CoverageReason | undefined {
  if (claim.phase !== 'Bound') {
    return 'claim-not-bound';
  }
  if (action !== 'fs-backup') {
    return undefined;
  }
  if (claim.volumeMode === 'Block') {
    return 'block-device';
  }
  // The kubelet mounts no such volume in the pod's folder, where a node agent reads.
  return persistentVolume?.type === 'hostPath' ? 'host-path-claim' : undefined;
}

/** What becomes of a volume that a pod has without a claim. */
export function decidePodVolume(mount: Mount, request: VolumeRequest): VolumeDecision {
  const nature = NATURES[mount.volume.source];
  if (nature === 'made-anew' || nature === 'host-path') {
    return none(nature);
  }
  const decision = decide(podVolumeTraits(mount.volume), mount, request);
  return nature === 'ephemeral'
    ? withinReach(mount.pod, decision ?? ownByDefault(mount, request))
    : (decision ?? byDefault(request, 'file'));
}

/** Whether a pod asks for a volume of its, or leaves it out; of both, what Velero would look at counts. */
export function askedBy({ pod, volume }: Mount, { spec }: VolumeRequest): 'in' | 'out' | undefined {
  const isExcluded = pod.excluded.includes(volume.name);
  if (isExcluded && spec.defaultVolumesToFsBackup === true) {
    return 'out';
  }
  if (pod.requested.includes(volume.name)) {
    return 'in';
  }
  return isExcluded ? 'out' : undefined;
}

/** What a policy says, or else the pod; undefined if neither does. */
function decide(
  traits: VolumeTraits,
  mount: Mount | undefined,
  request: VolumeRequest,
): VolumeDecision | undefined {
  const policy = matchPolicy(request.policies, traits);
  if (policy !== undefined) {
    return policy.action === 'skip' ? none('policy-skip') : { action: policy.action };
  }
  const asked = mount === undefined ? undefined : askedBy(mount, request);
  return asked === undefined
    ? undefined
    : asked === 'in'
      ? { action: 'fs-backup' }
      : none('opted-out');
}

/** What a pod has of its own is left out, unless a request for every volume takes its `emptyDir`. */
function ownByDefault({ volume }: Mount, { spec }: VolumeRequest): VolumeDecision {
  return spec.defaultVolumesToFsBackup === true && volume.source === 'emptyDir'
    ? { action: 'fs-backup' }
    : none('ephemeral');
}

/** What a pod had of its own went with its containers, and nothing of the kind can be snapshotted. */
function withinReach(pod: PodFacts, decision: VolumeDecision): VolumeDecision {
  const isOutOfReach = decision.action === 'snapshot' || hasEnded(pod);
  return decision.reason === undefined && isOutOfReach ? none('ephemeral') : decision;
}

/** What becomes of storage that outlives its pod when nobody says anything about it. */
function byDefault({ spec }: VolumeRequest, storage: 'csi' | 'file'): VolumeDecision {
  const { snapshotVolumes, defaultVolumesToFsBackup } = spec;
  if (snapshotVolumes === false && defaultVolumesToFsBackup !== true) {
    return none('volumes-not-requested');
  }
  const isSnapshot = defaultVolumesToFsBackup === false && storage === 'csi';
  return { action: isSnapshot ? 'snapshot' : 'fs-backup' };
}

function none(reason: CoverageReason): VolumeDecision {
  return { action: 'none', reason };
}
