import { Failure } from '../../domain/failure.ts';
import { fields, list } from '../../domain/fields.ts';
import type { RunReference } from '../../domain/run-reference.ts';
import { runWorkflowId } from '../../domain/workflow-id.ts';
import type { Dependencies, OwnDependencies } from '../dependencies.ts';
import type { LongWork } from '../heartbeat.ts';
import { AGENT_SELECTOR, imagePod, imagePodName, type Mounting } from './mount-pod.ts';
import { removePod, startPod } from './own-pods.ts';
import { isRunning, type LivePod, podsWithLabels } from './pods.ts';

/** How long an image that could be pulled is not tried again, in milliseconds. */
const TRIED_MS = 10 * 60_000;

/** The image of the pods that a run makes. Throws `mount-refused` where none is configured. */
export function imageOf({ image }: Pick<Dependencies, 'image'>): string {
  if (image === undefined) {
    throw new Failure(
      'mount-refused',
      'HOLDFAST_IMAGE is not set; it must name the image of pods that only mount a volume',
      { subject: 'HOLDFAST_IMAGE' },
    );
  }
  return image;
}

/**
 * For a restore: makes sure that the image can be pulled, before anything depends on it: the node agents run it, or a
 * pod of a moment does. Throws as `imageOf` and `startPod` do.
 */
export async function requireImage(
  deps: Pick<OwnDependencies, 'cluster' | 'namespace' | 'image' | 'seenImages' | 'installation'>,
  { runUid, ...key }: RunReference,
  long: LongWork,
): Promise<void> {
  const image = imageOf(deps);
  if (!(await isImageSeen(deps, image, long.signal))) {
    const { installation } = deps;
    const owner = { workflowId: runWorkflowId('Restore', key), installation };
    await tryImage(deps, { image, runUid, owner }, long);
    deps.seenImages.set(image, Date.now());
  }
}

/** Whether an image is known to run: it did lately, or an agent runs it. */
export async function isImageSeen(
  deps: Pick<Dependencies, 'cluster' | 'namespace' | 'seenImages'>,
  image: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (Date.now() - (deps.seenImages.get(image) ?? 0) < TRIED_MS) {
    return true;
  }
  const { cluster, namespace } = deps;
  const agents = await podsWithLabels(
    cluster,
    { namespace, labelSelector: AGENT_SELECTOR },
    signal,
  );
  const isRun = agents.some((pod) => isRunning(pod) && hasImage(pod, image));
  if (isRun) {
    deps.seenImages.set(image, Date.now());
  }
  return isRun;
}

async function tryImage(
  { cluster, namespace }: Pick<Dependencies, 'cluster' | 'namespace'>,
  { image, runUid, owner }: Pick<Mounting, 'image' | 'runUid' | 'owner'>,
  long: LongWork,
): Promise<void> {
  const name = imagePodName(runUid);
  const object = imagePod({ name, namespace, runUid, owner, image });
  const own = { object, image, purpose: `tries the image ${image}`, subject: 'HOLDFAST_IMAGE' };
  try {
    await startPod(cluster, { namespace, name, ...own }, { ...long, isThere: isRunning });
  } finally {
    // The wait of a run that is cancelled has ended; the pod goes nevertheless.
    await removePod(
      cluster,
      { namespace, name },
      { ...long, signal: new AbortController().signal },
    );
  }
}

function hasImage({ object }: LivePod, image: string): boolean {
  return list(fields(object['spec'])['containers']).some((one) => fields(one)['image'] === image);
}
