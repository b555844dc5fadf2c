import { setTimeout as sleep } from 'node:timers/promises';

import { recordTime } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { LongWork } from '../heartbeat.ts';
import { type LivePod, POD, readPod, waitingReasons } from './pods.ts';

/** How long a pod may take to run, and how long its image may fail to come. */
const START_WAIT_MS = 5 * 60_000;
const IMAGE_WAIT_MS = 60_000;
/** Shorter than an attempt of clean-up, so that the next one goes on. */
const GONE_WAIT_MS = 45_000;
/** Pauses between two looks at a pod: a tenth of what it has been waited for already, within these, in milliseconds. */
const POLL_MIN_MS = 50;
const POLL_MAX_MS = 500;
/** Reasons of a kubelet for which waiting longer does not help much. */
const IMAGE_REASONS: readonly string[] = [
  ...['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'],
];
const REFUSALS: ReadonlySet<string> = new Set(['cluster-rejected', 'cluster-forbidden']);

/** Where a pod is. */
interface PodPlace {
  readonly namespace: string;
  readonly name: string;
}

/** A pod that an activity makes, and removes. */
export interface OwnPod extends PodPlace {
  readonly object: KubernetesObject;
  readonly image: string;
  /** For people: `mounts the claim shop/data`. */
  readonly purpose: string;
  /** What failures are about. */
  readonly subject: string;
}

type PodCluster = Pick<Cluster, 'read' | 'create' | 'remove'>;

/**
 * Makes a pod, or takes that of an earlier attempt, and waits until it has come as far as is asked. Throws
 * `mount-refused` when the cluster does not take it, and `mount-failed` when it does not start in time.
 */
export async function startPod(
  cluster: PodCluster,
  own: OwnPod,
  { isThere, ...long }: LongWork & { readonly isThere: (pod: LivePod) => boolean },
): Promise<LivePod> {
  const earlier = await readPod(cluster, own, long.signal);
  if (earlier?.phase === 'Failed' || earlier?.isBeingDeleted === true) {
    await removePod(cluster, own, long);
  }
  try {
    await cluster.create(POD, own.object, { signal: long.signal });
  } catch (error) {
    if (error instanceof Failure && REFUSALS.has(error.code)) {
      throw new Failure(
        'mount-refused',
        `the cluster refuses a pod that ${own.purpose} (${error.code}); look at quotas, policies and the rights of the worker`,
        { subject: own.subject, cause: error },
      );
    }
    throw error;
  }
  return awaitPod(cluster, own, { isThere, ...long });
}

async function awaitPod(
  cluster: PodCluster,
  own: OwnPod,
  { isThere, signal, wait }: LongWork & { readonly isThere: (pod: LivePod) => boolean },
): Promise<LivePod> {
  const begunMs = Date.now();
  const deadline = begunMs + START_WAIT_MS;
  for (;;) {
    const pod = await readPod(cluster, own, signal);
    if (pod !== undefined && isThere(pod)) {
      return pod;
    }
    const why = waitingReason(pod);
    requireHope(own, { pod, why, waitedMs: Date.now() - begunMs });
    const reason = `the pod ${own.namespace}/${own.name} does not run yet (${why})`;
    const endWait = wait({ reason, deadline: recordTime(deadline) });
    await sleep(pauseSince(begunMs), undefined, { signal }).finally(endWait);
  }
}

function pauseSince(begunMs: number): number {
  return Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, (Date.now() - begunMs) / 10));
}

/** The first reason of a container, else the phase of the pod. */
function waitingReason(pod: LivePod | undefined): string {
  const [reason] = pod === undefined ? ['it is gone'] : waitingReasons(pod);
  return reason ?? pod?.phase ?? '';
}

/** Throws `mount-failed` when a pod will not run, or has had its time. */
function requireHope(
  { image, purpose, subject }: OwnPod,
  { pod, why, waitedMs }: { pod: LivePod | undefined; why: string; waitedMs: number },
): void {
  if (IMAGE_REASONS.includes(why) && waitedMs > IMAGE_WAIT_MS) {
    const text = `the image ${image} cannot be pulled on ${pod?.node ?? 'a node'} (${why}); put it into a registry that the cluster reaches, and name it in HOLDFAST_IMAGE`;
    throw new Failure('mount-failed', text, { subject });
  }
  if (pod === undefined || pod.phase === 'Failed' || waitedMs > START_WAIT_MS) {
    const text = `the pod that ${purpose} does not run (${why}); look at its events`;
    throw new Failure('mount-failed', text, { subject });
  }
}

/** Removes a pod of ours, and waits until it is gone. Throws `timed-out`. */
export async function removePod(
  cluster: Pick<Cluster, 'read' | 'remove'>,
  { namespace, name }: PodPlace,
  { signal, wait }: LongWork,
): Promise<void> {
  const begunMs = Date.now();
  const deadline = begunMs + GONE_WAIT_MS;
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
    await sleep(pauseSince(begunMs), undefined, { signal }).finally(endWait);
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
