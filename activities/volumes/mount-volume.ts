import { setTimeout as sleep } from 'node:timers/promises';

import { recordTime } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import type { ResourceType } from '../../domain/item.ts';
import { CLAIMS } from '../../domain/selection/related-items.ts';
import { preferNode } from '../../domain/volumes/placement.ts';
import type { RestoredVolume } from '../../domain/volumes/restored-volumes.ts';
import { claimFacts } from '../../domain/volumes/volume-facts.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import type { PlannedVolume } from '../../domain/volumes/volume-plan.ts';
import { nodeTaskQueue } from '../../domain/workflow-id.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { MountedVolume, VolumeInput } from '../volume-contract.ts';
import { noAgent } from './locate-volumes.ts';
import { AGENT_LABELS, type Mounting, mountPod, mountPodName } from './mount-pod.ts';
import { isRunning, type LivePod, POD, readPod, waitingReasons } from './pods.ts';
import { readBatch, volumeOf } from './volume-batch.ts';

/** How long the pod may take to run, and how long its image may fail to come. */
const MOUNT_WAIT_MS = 5 * 60_000;
const IMAGE_WAIT_MS = 60_000;
/** Shorter than an attempt of clean-up, so that the next one goes on. */
const GONE_WAIT_MS = 45_000;
const POLL_MS = 500;
/** Reasons of a kubelet for which waiting longer does not help much. */
const IMAGE_REASONS: readonly string[] = [
  ...['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'],
];

/** See `VolumeActivities.mountVolume`. */
export function mountVolume(deps: Dependencies, input: VolumeInput): Promise<MountedVolume> {
  return withHeartbeat(async (long) => {
    const batch = await readBatch(deps.store(input.location), input);
    const volume = volumeOf(batch, input.volume);
    const { namespace, claim = '', index } = volume;
    const mounting: Mounting = {
      ...{ namespace, claim, index, runUid: input.runUid, image: imageOf(deps) },
      ...(input.kind === 'Backup' ? { access: 'read' } : writeAccess(volume)),
      ...((await hasAgentPods(deps, long.signal)) ? { agentsIn: deps.namespace } : {}),
    };
    await makePod(deps, mounting, long);
    const pod = await awaitRunning(deps, mounting, long);
    const node = pod.node ?? '';
    if (!(await deps.isServed(nodeTaskQueue(batch.cluster, node)))) {
      const { code, message } = noAgent(node);
      throw new Failure(code, message, { subject: volumeName(volume) });
    }
    const persistentVolume = await boundVolume(deps, { namespace, claim });
    return { node, pod: pod.name, podUid: pod.uid, persistentVolume };
  });
}

/** A fresh volume is made for whoever mounts it first, so that one looks like the pod that is to have it. */
function writeAccess(volume: PlannedVolume): Pick<Mounting, 'access' | 'placement'> {
  // The volumes of a restore have the records of their copies.
  const { record } = volume as RestoredVolume;
  return { access: 'write', placement: preferNode(record.placement, record.node) };
}

async function hasAgentPods(
  { cluster, namespace }: Dependencies,
  signal: AbortSignal,
): Promise<boolean> {
  const labelSelector = Object.entries(AGENT_LABELS)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  return (await cluster.count({ type: POD, namespace, labelSelector }, signal)) > 0;
}

/** The persistent volume of a claim that a running pod mounts. */
async function boundVolume(
  { cluster }: Dependencies,
  { namespace, claim }: Pick<Mounting, 'namespace' | 'claim'>,
): Promise<string> {
  const object = await cluster.read(CLAIM, { ...CLAIM, namespace, name: claim });
  return object === undefined ? '' : (claimFacts(object).volumeName ?? '');
}

const CLAIM: ResourceType = {
  group: '',
  version: 'v1',
  resource: CLAIMS,
  kind: 'PersistentVolumeClaim',
  isNamespaced: true,
};

/** See `VolumeActivities.unmountVolume`. */
export function unmountVolume(deps: Dependencies, input: VolumeInput): Promise<void> {
  return withHeartbeat(async (long) => {
    const batch = await readBatch(deps.store(input.location), input);
    const { namespace, index } = volumeOf(batch, input.volume);
    await removePod(deps, { namespace, index, runUid: input.runUid }, long);
  });
}

function imageOf({ image }: Dependencies): string {
  if (image === undefined) {
    throw new Failure(
      'mount-refused',
      'HOLDFAST_IMAGE is not set; it must name the image of pods that only mount a volume',
      { subject: 'HOLDFAST_IMAGE' },
    );
  }
  return image;
}

async function makePod(deps: Dependencies, mounting: Mounting, long: LongWork): Promise<void> {
  const { namespace, claim } = mounting;
  const earlier = await readPod(deps.cluster, podOf(mounting), long.signal);
  if (earlier?.phase === 'Failed' || earlier?.isBeingDeleted === true) {
    await removePod(deps, mounting, long);
  }
  try {
    await deps.cluster.create(POD, mountPod(mounting), { signal: long.signal });
  } catch (error) {
    if (error instanceof Failure && REFUSALS.has(error.code)) {
      throw new Failure(
        'mount-refused',
        `the cluster refuses a pod that mounts the claim ${namespace}/${claim} (${error.code}); look at quotas, policies and the rights of the worker`,
        { subject: `${namespace}/${claim}`, cause: error },
      );
    }
    throw error;
  }
}

const REFUSALS: ReadonlySet<string> = new Set(['cluster-rejected', 'cluster-forbidden']);

async function awaitRunning(
  { cluster }: Dependencies,
  mounting: Mounting,
  { signal, wait }: LongWork,
): Promise<LivePod> {
  const begunMs = Date.now();
  const deadline = begunMs + MOUNT_WAIT_MS;
  for (;;) {
    const pod = await readPod(cluster, podOf(mounting), signal);
    if (pod !== undefined && isRunning(pod)) {
      return pod;
    }
    const why = waitingReason(pod);
    requireHope(mounting, { pod, why, waitedMs: Date.now() - begunMs });
    const reason = `the pod ${mounting.namespace}/${mountPodName(mounting)} does not run yet (${why})`;
    const endWait = wait({ reason, deadline: recordTime(deadline) });
    await sleep(POLL_MS, undefined, { signal }).finally(endWait);
  }
}

/** The first reason of a container, else the phase of the pod. */
function waitingReason(pod: LivePod | undefined): string {
  const [reason] = pod === undefined ? ['it is gone'] : waitingReasons(pod);
  return reason ?? pod?.phase ?? '';
}

/** Throws `mount-failed` when a pod will not run, or has had its time. */
function requireHope(
  { namespace, claim, image }: Mounting,
  { pod, why, waitedMs }: { pod: LivePod | undefined; why: string; waitedMs: number },
): void {
  const subject = `${namespace}/${claim}`;
  if (IMAGE_REASONS.includes(why) && waitedMs > IMAGE_WAIT_MS) {
    const text = `the image ${image} cannot be pulled on ${pod?.node ?? 'a node'} (${why}); put it into a registry that the cluster reaches, and name it in HOLDFAST_IMAGE`;
    throw new Failure('mount-failed', text, { subject });
  }
  if (pod === undefined || pod.phase === 'Failed' || waitedMs > MOUNT_WAIT_MS) {
    const text = `the pod that mounts the claim ${subject} does not run (${why}); look at its events`;
    throw new Failure('mount-failed', text, { subject });
  }
}

type PodOfRun = Pick<Mounting, 'namespace' | 'index' | 'runUid'>;

function podOf(mounting: PodOfRun): { namespace: string; name: string } {
  return { namespace: mounting.namespace, name: mountPodName(mounting) };
}

async function removePod(
  { cluster }: Dependencies,
  mounting: PodOfRun,
  { signal, wait }: LongWork,
): Promise<void> {
  const deadline = Date.now() + GONE_WAIT_MS;
  const { namespace, name } = podOf(mounting);
  for (;;) {
    const pod = await readPod(cluster, { namespace, name }, signal);
    if (pod === undefined) {
      return;
    }
    if (!pod.isBeingDeleted) {
      const { resourceVersion = '' } = pod.object.metadata;
      const removal = { uid: pod.uid, resourceVersion, propagation: 'Background' } as const;
      await removeUnlessChanged(() => cluster.remove(POD, { ...POD, namespace, name }, removal));
    } else if (Date.now() > deadline) {
      const text = `the pod ${namespace}/${name} is deleted and does not go`;
      throw new Failure('timed-out', text, { subject: `${namespace}/${name}` });
    }
    const reason = `the pod ${namespace}/${name} goes away`;
    const endWait = wait({ reason, deadline: recordTime(deadline) });
    await sleep(POLL_MS, undefined, { signal }).finally(endWait);
  }
}

/** A pod whose status changed meanwhile is looked at again. */
async function removeUnlessChanged(remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'precondition-failed') {
      throw error;
    }
  }
}
