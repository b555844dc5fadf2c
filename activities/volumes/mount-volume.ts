import { Failure } from '../../domain/failure.ts';
import { preferNode } from '../../domain/volumes/placement.ts';
import type { RestoredVolume } from '../../domain/volumes/restored-volumes.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import type { PlannedVolume, VolumeBatch } from '../../domain/volumes/volume-plan.ts';
import { nodeTaskQueue, runWorkflowId } from '../../domain/workflow-id.ts';
import type { Dependencies, OwnDependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { MountedVolume, MountVolumeInput, VolumeInput } from '../volume-contract.ts';
import { noAgent } from './locate-volumes.ts';
import { readClaim } from './claims.ts';
import { freshClaims } from './fresh-claims.ts';
import { imageOf } from './image.ts';
import { AGENT_SELECTOR, type Mounting, mountPod, mountPodName } from './mount-pod.ts';
import { removePod, startPod } from './own-pods.ts';
import { isRunning, isScheduled, POD } from './pods.ts';
import { readBatch, volumeOf } from './volume-batch.ts';

/** See `VolumeActivities.mountVolume`. */
export function mountVolume(
  deps: OwnDependencies,
  input: MountVolumeInput,
): Promise<MountedVolume> {
  return withHeartbeat(async (long) => {
    const batch = await readBatch(deps.store(input.location), input);
    const volume = volumeOf(batch, input.volume);
    const { namespace, claim = '', index } = volume;
    const image = imageOf(deps);
    const mounting: Mounting = {
      ...{ namespace, claim, index, runUid: input.runUid, image },
      owner: { workflowId: runWorkflowId(input.kind, input), installation: deps.installation },
      ...(input.kind === 'Backup' ? { access: 'read' } : await writeAccess(deps, batch, volume)),
      ...((await hasAgentPods(deps, long.signal)) ? { agentsIn: deps.namespace } : {}),
    };
    const subject = `${namespace}/${claim}`;
    const own = {
      object: mountPod(mounting),
      image,
      purpose: `mounts the claim ${subject}`,
      subject,
    };
    const pod = await startPod(
      deps.cluster,
      { ...podOf(mounting), ...own },
      { ...long, isThere: input.until === 'Scheduled' ? isScheduled : isRunning },
    );
    const node = pod.node ?? '';
    if (!(await deps.isServed(nodeTaskQueue(batch.cluster, node)))) {
      const { code, message } = noAgent(node);
      throw new Failure(code, message, { subject: volumeName(volume) });
    }
    const bound = await readClaim(deps.cluster, { namespace, name: claim });
    const persistentVolume = bound?.volumeName ?? '';
    return { node, pod: pod.name, podUid: pod.uid, persistentVolume };
  });
}

/** A fresh volume is made for whoever mounts it first, so that one looks like the pod that is to have it. */
async function writeAccess(
  { cluster }: Dependencies,
  batch: VolumeBatch,
  volume: PlannedVolume,
): Promise<Pick<Mounting, 'access' | 'placement' | 'beside'>> {
  // The batch of a restore was stored by `planVolumeRestore`, with the records of the copies.
  const [ofRestore, restored] = [batch as VolumeBatch<RestoredVolume>, volume as RestoredVolume];
  const { placement, node } = restored.record;
  return {
    access: 'write',
    placement: preferNode(placement, node),
    beside: await freshClaims(cluster, ofRestore, restored),
  };
}

async function hasAgentPods(
  { cluster, namespace }: Dependencies,
  signal: AbortSignal,
): Promise<boolean> {
  return (await cluster.count({ type: POD, namespace, labelSelector: AGENT_SELECTOR }, signal)) > 0;
}

/** See `VolumeActivities.unmountVolume`. */
export function unmountVolume(deps: Dependencies, input: VolumeInput): Promise<void> {
  return withHeartbeat(async (long) => {
    const batch = await readBatch(deps.store(input.location), input);
    const { namespace, index } = volumeOf(batch, input.volume);
    await removePod(deps.cluster, podOf({ namespace, index, runUid: input.runUid }), long);
  });
}

type PodOfRun = Pick<Mounting, 'namespace' | 'index' | 'runUid'>;

function podOf(mounting: PodOfRun): { namespace: string; name: string } {
  return { namespace: mounting.namespace, name: mountPodName(mounting) };
}
