import { setTimeout as sleep } from 'node:timers/promises';

import { goDuration } from '../../domain/duration.ts';
import { fields, list, nameOf } from '../../domain/fields.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { hasEnded } from '../../domain/volumes/volume-facts.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { type LivePod, readPod } from '../volumes/pods.ts';

/** Pauses between two looks at a pod: a tenth of what it has been waited for already, within these. */
const POLL_MIN_MS = 100;
const POLL_MAX_MS = 5000;

/** A container that is waited for. */
export interface AwaitedContainer {
  readonly pod: LivePod;
  readonly container: string;
  /** Whether it must be ready, and not only run. */
  readonly isReady: boolean;
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Told why it does not run, each time that it is looked at. */
  readonly onWait: (why: string) => void;
}

/** Waits until a container runs, or is ready. Gives why it will not, or has not in time. */
export async function awaitContainer(
  cluster: Pick<Cluster, 'read'>,
  { pod, container, isReady, waitMs, signal, onWait }: AwaitedContainer,
): Promise<string | undefined> {
  const begunMs = Date.now();
  for (;;) {
    const live = await readPod(cluster, pod, signal);
    if (live?.uid !== pod.uid || live.isBeingDeleted) {
      return 'the pod is gone';
    }
    if (hasEnded(live)) {
      return `the pod has ended (${live.phase})`;
    }
    const why = whyNot(live.object, container, isReady);
    if (why === undefined) {
      return undefined;
    }
    const waitedMs = Date.now() - begunMs;
    if (waitedMs >= waitMs) {
      const what = isReady ? 'was not ready' : 'did not run';
      return `the container ${container} ${what} in ${waitWords(waitMs)} (${why})`;
    }
    onWait(why);
    const pauseMs = Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, waitedMs / 10), waitMs - waitedMs);
    await sleep(pauseMs, undefined, { signal });
  }
}

/** Why a container does not run, or is not ready, in the words of the kubelet; undefined for one that is. */
function whyNot({ status }: KubernetesObject, name: string, isReady: boolean): string | undefined {
  const { phase, containerStatuses, initContainerStatuses } = fields(status);
  const statuses = [...list(containerStatuses), ...list(initContainerStatuses)];
  const own = fields(statuses.find((one) => nameOf(one) === name));
  const state = fields(own['state']);
  if (state['running'] !== undefined) {
    return isReady && own['ready'] !== true ? 'it runs and is not ready' : undefined;
  }
  const { reason } = fields(state['waiting'] ?? state['terminated']);
  return [reason, phase].find((word) => typeof word === 'string') ?? 'Pending';
}

function waitWords(ms: number): string {
  return ms < 1000 ? `${String(ms)}ms` : goDuration(ms);
}
