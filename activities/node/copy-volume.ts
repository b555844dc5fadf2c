import { recordTime } from '../../domain/duration.ts';
import { backupFolder, volumeCopyKey } from '../../domain/object-key.ts';
import { type CopyRecord, sizeOfCopy } from '../../domain/volumes/copy-record.ts';
import { type Placement, placementOf } from '../../domain/volumes/placement.ts';
import { repositoryPath } from '../../domain/volumes/repository.ts';
import type { VolumeLabels } from '../../domain/volumes/volume-copy.ts';
import type { CopyBatch, PlannedVolume } from '../../domain/volumes/volume-plan.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import { newAttempt } from '../attempt.ts';
import { makeProvenCopy, type ProvenCopy } from '../engine/proven-copy.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { MovedVolume, MoveVolumeInput } from '../volume-contract.ts';
import { readPod } from '../volumes/pods.ts';
import { readBatch, volumeOf } from '../volumes/volume-batch.ts';
import type { NodeDependencies } from './dependencies.ts';
import { engineRun, repositoryAccess, unbegun } from './engine-call.ts';
import { openVolume } from './open-volume.ts';
import { whilePodRuns } from './pod-guard.ts';
import { requireStillMounted } from './volume-mount.ts';

/** See `NodeActivities.copyVolume`. */
export function copyVolume(deps: NodeDependencies, input: MoveVolumeInput): Promise<MovedVolume> {
  return withHeartbeat(async (long) => {
    const startTimestamp = recordTime(Date.now());
    const store = deps.store(input.location);
    // The batch of a backup was written by `planVolumes`.
    const batch = (await readBatch(store, input)) as CopyBatch;
    const volume = volumeOf(batch, input.volume);
    const pod = { namespace: volume.namespace, name: input.pod, uid: input.podUid };
    const proven = await whilePodRuns(deps.cluster, pod, {
      signal: long.signal,
      work: (signal) => makeCopy(deps, { input, batch, volume }, { ...long, signal }),
    });
    const placement = await placementThrough(deps, { volume, input });
    const record: CopyRecord = {
      ...volume,
      ...{ node: deps.node, readThrough: input.pod, clusterUid: batch.clusterUid },
      repository: repositoryPath(batch.clusterUid, volume.namespace),
      ...proven,
      ...(placement === undefined ? {} : { placement }),
      ...{ startTimestamp, completionTimestamp: recordTime(Date.now()) },
    };
    const attempt = newAttempt();
    const { runUid, volume: index } = input;
    const key = volumeCopyKey(backupFolder(input.name), { runUid, volume: index, attempt });
    await writeJsonGz(store, key, record);
    return { attempt, ...sizeOfCopy(record) };
  }, unbegun(input.volume));
}

/** Which nodes the pod that has the volume may run on; one of our own may run anywhere. */
async function placementThrough(
  { cluster }: NodeDependencies,
  { volume, input }: Pick<CopyWork, 'volume' | 'input'>,
): Promise<Placement | undefined> {
  const { namespace, pod } = volume;
  if (pod !== input.pod) {
    return undefined;
  }
  const live = await readPod(cluster, { namespace, name: pod });
  return live && placementOf(live.object);
}

interface CopyWork {
  readonly input: MoveVolumeInput;
  readonly batch: CopyBatch;
  readonly volume: PlannedVolume;
}

/** Copies the volume, and proves what it copied. */
async function makeCopy(
  deps: NodeDependencies,
  work: CopyWork,
  long: LongWork,
): Promise<ProvenCopy> {
  const { input, batch, volume } = work;
  const { root, mount } = await openVolume(deps.kubeletFolder, work, long.signal);
  try {
    const { clusterUid, verification } = batch;
    const owner = { location: input.location, clusterUid, namespace: volume.namespace };
    const proven = await makeProvenCopy(
      deps.engine,
      {
        ...{ repository: await repositoryAccess(deps, owner), root, labels: labelsOf(work) },
        isReadBack: verification === 'ReadBack',
      },
      engineRun(deps, long, input),
    );
    await requireStillMounted(root, { mount, volume });
    return proven;
  } finally {
    await root.close();
  }
}

function labelsOf({ batch, input, volume }: CopyWork): VolumeLabels {
  const own = `${volume.pod ?? ''}.${volume.volume ?? ''}`;
  return {
    ...{ clusterUid: batch.clusterUid, namespace: volume.namespace },
    volume: volume.claim ?? own,
    // The name of a pod's own volume is all that stays the same when the pod is replaced.
    volumeUid: volume.claimUid ?? `${volume.namespace}.${own}`,
    ...{ runUid: input.runUid, backup: input.name, part: volume.index, epoch: epochOf(input) },
  };
}

/** The lease and the look at the volume that a copy is of; what was saved under another one is not adopted. */
function epochOf({ leaseEpoch = 0, round = 0 }: MoveVolumeInput): string {
  return `${String(leaseEpoch)}.${String(round)}`;
}
