import { CancellationScope, isCancellation, log, patched, sleep } from '@temporalio/workflow';

import type { ClusterActivities } from '../activities/contract.ts';
import type {
  LocatedVolume,
  MountedVolume,
  MovedVolume,
  MoveVolumeInput,
  NodeActivities,
  VolumeEnd,
  VolumePlace,
  VolumeRun,
} from '../activities/volume-contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { ActivityWait, VolumeProgress } from '../domain/run-status.ts';
import { type Activities, nodeActivitiesOf } from './activity-profiles.ts';
import { isQueuedTooLong, reportOf } from './run-tracker.ts';

/** Pause before a volume is looked for again, in milliseconds; doubled until the maximum. */
const LOOK_AGAIN_MS = 1000;
const LOOK_AGAIN_MAX_MS = 60_000;
/** How long the work may wait for its node, the first time and at most, in milliseconds. */
const QUEUE_WAIT_MS = 10 * 60_000;
const QUEUE_WAIT_MAX_MS = 60 * 60_000;
/** How long a volume waits for its node in all, and is looked for again, in milliseconds. */
const QUEUED_MAX_MS = 24 * 3_600_000;
/**
 * How long an agent waits for a volume whose pod has its node, in milliseconds. The kubelet mounts it long before it says
 * that the pod runs; where a disk has to be attached first, the copies of others go on.
 */
const MOUNTED_WITHIN_MS = 3000;
/** Earlier releases waited for the pod that mounts a volume to run. */
const MOUNTS_AHEAD = 'mounts-ahead';
/** How long the agent of a node may take to hear that a volume is given up, in milliseconds. */
const GIVE_UP_WAIT_MS = 60_000;
/** After these a volume may be somewhere else. */
const NOT_MOUNTED: FailureCode = 'volume-not-mounted';
const MOVED: ReadonlySet<FailureCode> = new Set([NOT_MOUNTED, 'volume-moved']);

/** What is done with the volumes of a batch. */
export interface VolumeMove {
  /** For people: `Copy`, `Restore`. */
  readonly verb: string;
  readonly move: (agent: NodeActivities, input: MoveVolumeInput) => Promise<MovedVolume>;
  /** What is done for a pod that has the volume when nothing more is tried. */
  readonly giveUp?: (agent: NodeActivities, input: MoveVolumeInput) => Promise<void>;
}

/** What the work on one volume needs. */
export interface MoveStep extends VolumeMove {
  readonly run: VolumeRun & { readonly batch: number };
  readonly cluster: string;
  readonly patienceMs: number;
  readonly activities: Activities;
  readonly volume: number;
  readonly name: string;
  /** Epoch of the lease of its repository; undefined while there is none. */
  readonly leaseEpoch?: number | undefined;
  /** Whether it is copied before those of others that wait for the same agent: its pod is frozen meanwhile. */
  readonly isUrgent?: boolean;
  /** Told of the pod that the volume was moved through. */
  readonly onMoved?: (podUid: string) => void;
  /** Says how far the volume is. */
  readonly show: (progress: Omit<VolumeProgress, 'volume' | 'name'>) => void;
}

type PodPlace = Extract<VolumePlace, { kind: 'pod' }>;

/** Works on a volume until it is done or nothing more is tried. */
export async function moveVolume(step: MoveStep, located: LocatedVolume): Promise<VolumeEnd> {
  const seen: { pod?: PodPlace } = {};
  let isDone = false;
  try {
    const end = await moveWherever(step, located, seen);
    isDone = 'attempt' in end;
    return end;
  } finally {
    if (!isDone) {
      await CancellationScope.nonCancellable(() => giveUp(step, seen.pod));
    }
  }
}

/** Tells the agent of the pod's node that the volume is given up; one that does not answer has no pod to tell. */
export async function giveUp(
  { run, cluster, patienceMs, volume, name, giveUp: tell }: MoveStep,
  place: VolumePlace | undefined,
): Promise<void> {
  if (place?.kind !== 'pod' || tell === undefined) {
    return;
  }
  const { node, pod, podUid } = place;
  const agent = nodeActivitiesOf({ cluster, node, patienceMs, queueWaitMs: GIVE_UP_WAIT_MS });
  try {
    await tell(agent(`Give up ${name}`), { ...run, volume, pod, podUid });
  } catch (error) {
    log.warn('a pod was not told that a volume is given up', { name, ...reportOf(error) });
  }
}

/** Works on a volume where it is, and looks for it again while it may be somewhere else. */
async function moveWherever(
  step: MoveStep,
  located: LocatedVolume,
  seen: { pod?: PodPlace },
): Promise<VolumeEnd> {
  const { volume, patienceMs } = step;
  const movedUntilMs = Date.now() + patienceMs;
  const queue: Queue = { sinceMs: Date.now(), untilMs: Date.now() + QUEUED_MAX_MS };
  let { place } = located;
  let queueWaitMs = Math.min(QUEUE_WAIT_MS, patienceMs);
  let pauseMs = LOOK_AGAIN_MS;
  for (let round = 0; ; round++) {
    if (place.kind === 'none') {
      step.show({ state: 'Failed' });
      return { volume, failure: place.failure };
    }
    if (place.kind === 'pod') {
      seen.pod = place;
    }
    try {
      return await moveAt(step, place, { round, queueWaitMs, queue });
    } catch (error) {
      const why = whyAgain(error, { queue, movedUntilMs });
      if (why === undefined) {
        throwIfCancelled(error);
        step.show({ state: 'Failed' });
        return { volume, failure: reportOf(error) };
      }
      const isQueued = why === 'Queued';
      queueWaitMs = isQueued ? Math.min(2 * queueWaitMs, QUEUE_WAIT_MAX_MS) : queueWaitMs;
      showWaiting(step, isQueued ? waitInQueue(queue, NOT_TAKEN) : undefined);
    }
    await sleep(pauseMs, { summary: `Before ${step.name} is looked for again` });
    pauseMs = Math.min(2 * pauseMs, LOOK_AGAIN_MAX_MS);
    place = await locateAgain(step);
  }
}

/** Why a volume is looked for again: no agent took it in time, or it may be somewhere else; undefined if it is not. */
function whyAgain(
  error: unknown,
  { queue, movedUntilMs }: { readonly queue: Queue; readonly movedUntilMs: number },
): 'Queued' | 'Moved' | undefined {
  if (isCancellation(error)) {
    return undefined;
  }
  if (isQueuedTooLong(error) && Date.now() < queue.untilMs) {
    return 'Queued';
  }
  return MOVED.has(reportOf(error).code) && Date.now() < movedUntilMs ? 'Moved' : undefined;
}

function throwIfCancelled(error: unknown): void {
  if (isCancellation(error)) {
    throw error;
  }
}

async function locateAgain({ run, activities, volume, name }: MoveStep): Promise<VolumePlace> {
  const { volumes } = await activities
    .long(`Find ${name} again`)
    .locateVolumes({ ...run, volumes: [volume] });
  const [located] = volumes;
  return (
    located?.place ?? {
      kind: 'none',
      failure: { code: 'internal', message: 'the volume is not in its batch' },
    }
  );
}

/** Since when and until when a volume is offered to agents. */
interface Queue {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export function showWaiting({ show }: MoveStep, waitingFor: ActivityWait | undefined): void {
  show({ state: 'Waiting', ...(waitingFor === undefined ? {} : { waitingFor }) });
}

const NOT_TAKEN = 'no agent took the volume in time, so that it is looked for again';

function waitInQueue({ sinceMs, untilMs }: Queue, reason: string): ActivityWait {
  return { reason, since: recordTime(sinceMs), deadline: recordTime(untilMs) };
}

/** One try at a volume where it was found. */
interface Turn {
  readonly queue: Queue;
  /** How often the volume was looked for again. */
  readonly round: number;
  readonly queueWaitMs: number;
  /** How long the volume may take to be mounted. */
  readonly mountedWithinMs?: number;
}

async function moveAt(
  step: MoveStep,
  place: Exclude<VolumePlace, { kind: 'none' }>,
  turn: Turn,
): Promise<VolumeEnd> {
  const { run, activities, volume, name } = step;
  if (place.kind === 'pod') {
    const { node, pod, podUid } = place;
    return moveThrough(step, { node, pod, podUid }, turn);
  }
  step.show({ state: 'Mounting' });
  const mount = activities.long(`Mount ${name}`);
  try {
    const ahead = patched(MOUNTS_AHEAD) ? await moveAhead(step, mount, turn) : undefined;
    if (ahead !== undefined) {
      return ahead;
    }
    step.show({ state: 'Mounting' });
    return await moveThrough(step, await mount.mountVolume({ ...run, volume }), turn);
  } finally {
    await CancellationScope.nonCancellable(() => unmount(step));
  }
}

/** Works on a volume as soon as its pod has a node; undefined where the kubelet has not mounted it soon after. */
async function moveAhead(
  step: MoveStep,
  mount: Pick<ClusterActivities, 'mountVolume'>,
  turn: Turn,
): Promise<VolumeEnd | undefined> {
  const { run, volume } = step;
  const mounted = await mount.mountVolume({ ...run, volume, until: 'Scheduled' });
  try {
    return await moveThrough(step, mounted, { ...turn, mountedWithinMs: MOUNTED_WITHIN_MS });
  } catch (error) {
    if (isCancellation(error) || reportOf(error).code !== NOT_MOUNTED) {
      throw error;
    }
    return undefined;
  }
}

/** What was done to a volume is not undone because the pod that mounts it does not go; it ends by itself in a day. */
async function unmount({ run, activities, volume, name }: MoveStep): Promise<void> {
  try {
    await activities.cleanUp(`Unmount ${name}`).unmountVolume({ ...run, volume });
  } catch (error) {
    log.warn('the pod that mounts a volume was not removed', { name, ...reportOf(error) });
  }
}

async function moveThrough(
  step: MoveStep,
  { node, ...place }: Omit<PodPlace, 'kind'> | MountedVolume,
  { round, queueWaitMs, queue, mountedWithinMs }: Turn,
): Promise<VolumeEnd> {
  const { run, cluster, patienceMs, volume, name, leaseEpoch, show, verb, move, isUrgent } = step;
  const waitingFor = waitInQueue(queue, `the agent of the node ${node} has not begun`);
  show({ state: 'Moving', node, waitingFor });
  const urgency = isUrgent === true ? { isUrgent } : {};
  const agent = nodeActivitiesOf({ cluster, node, patienceMs, queueWaitMs, ...urgency });
  const moved = await move(agent(`${verb} ${name}`), {
    ...{ ...run, volume, round, ...place },
    ...(leaseEpoch === undefined ? {} : { leaseEpoch }),
    ...(mountedWithinMs === undefined ? {} : { mountedWithinMs }),
  });
  step.onMoved?.(place.podUid);
  const { attempt, files, bytes } = moved;
  show({ state: 'Done', node, filesDone: files, bytesDone: bytes });
  return { volume, attempt };
}
