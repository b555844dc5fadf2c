import { setTimeout as sleep } from 'node:timers/promises';

import { Failure } from '../../domain/failure.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { readPod } from '../volumes/pods.ts';

/** Pause between two looks at the pod. */
const LOOK_MS = 5000;

/** A pod whose volume is worked on. */
export interface GuardedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * Works on a volume while its pod is there: work is aborted when the pod is deleted or another one, and what it gave is
 * void then. Throws `volume-moved`. A cluster that does not answer for a moment aborts nothing; at the end it has to
 * answer.
 */
export async function whilePodRuns<Result>(
  cluster: Pick<Cluster, 'read'>,
  pod: GuardedPod,
  { signal, work }: { signal: AbortSignal; work: (signal: AbortSignal) => Promise<Result> },
): Promise<Result> {
  const gone = new AbortController();
  const over = new AbortController();
  const watch = watchPod(cluster, pod, { over: over.signal, gone });
  try {
    const result = await work(AbortSignal.any([signal, gone.signal]));
    await requirePod(cluster, pod);
    return result;
  } finally {
    over.abort();
    await watch;
  }
}

async function watchPod(
  cluster: Pick<Cluster, 'read'>,
  pod: GuardedPod,
  { over, gone }: { over: AbortSignal; gone: AbortController },
): Promise<void> {
  while (await isStillOn(over)) {
    try {
      await requirePod(cluster, pod);
    } catch (error) {
      if (error instanceof Failure && error.code === 'volume-moved') {
        gone.abort(error);
        return;
      }
    }
  }
}

/** Whether the work goes on after a pause. */
async function isStillOn(over: AbortSignal): Promise<boolean> {
  try {
    await sleep(LOOK_MS, undefined, { signal: over });
    return true;
  } catch {
    return false;
  }
}

async function requirePod(cluster: Pick<Cluster, 'read'>, pod: GuardedPod): Promise<void> {
  const { namespace, name, uid } = pod;
  const now = await readPod(cluster, { namespace, name });
  if (now?.uid !== uid || now.isBeingDeleted) {
    const text = `the pod ${namespace}/${name} ${now?.uid === uid ? 'is being deleted' : 'is gone'}`;
    throw new Failure('volume-moved', text, { subject: `${namespace}/${name}` });
  }
}
