import type { RunVolume, RunVolumes } from '../../domain/api-resource.ts';
import type { CopyProgress, RunStatus, RunWait, VolumeProgress } from '../../domain/run-status.ts';
import {
  heartbeatOf,
  isStarted,
  type PendingActivity,
  retryWait,
  workedMs,
} from './pending-activity.ts';

/** Volumes that are told one by one; the rest is in the numbers. */
const ITEMS_MAX = 100;
/** A rate over less than this says nothing, nor is an attempt known to be at work. */
const RATE_MS_MIN = 1000;
/** Those that people want to see come first. */
const ORDER: readonly VolumeProgress['state'][] = [
  ...(['Moving', 'Mounting', 'Waiting', 'Failed', 'Done'] as const),
];
/** Phases in which the engine moves the bytes that it counts. */
const MOVING_PHASES: ReadonlySet<string> = new Set(['Copying', 'Restoring']);

/** One batch of volumes that is under way. */
export interface VolumesBatch {
  readonly volumes: readonly VolumeProgress[];
  readonly pending: readonly PendingActivity[];
}

/** How far the volumes of a run are, from what the run and its batches say. */
export function volumesStatus(
  { total, ended }: Pick<NonNullable<RunStatus['volumes']>, 'total' | 'ended'>,
  batches: readonly VolumesBatch[],
): RunVolumes {
  const volumes = batches.flatMap(runVolumes);
  const has = (state: RunVolume['state']): number =>
    volumes.filter((volume) => volume.state === state).length;
  const sum = (size: (volume: RunVolume) => number | undefined): number =>
    volumes.reduce((all, volume) => all + (size(volume) ?? 0), 0);
  return {
    total,
    done: ended.done + has('Done'),
    failed: ended.failed + has('Failed'),
    filesDone: ended.files + sum(({ filesDone }) => filesDone),
    bytesDone: ended.bytes + sum(({ bytesDone }) => bytesDone),
    bytesTotal: ended.bytes + sum(({ bytesTotal }) => bytesTotal),
    items: volumes.sort(inOrder).slice(0, ITEMS_MAX),
  };
}

function inOrder(left: RunVolume, right: RunVolume): number {
  return ORDER.indexOf(left.state) - ORDER.indexOf(right.state);
}

function runVolumes({ volumes, pending }: VolumesBatch): RunVolume[] {
  const copies = new Map(
    pending.flatMap((activity) => {
      const { copy, bytesDone } = heartbeatOf(activity);
      return copy === undefined ? [] : [[copy.volume, { activity, copy, bytesDone }] as const];
    }),
  );
  return volumes.map((volume) => {
    const { name, state, node } = volume;
    const known = { name, state, ...(node === undefined ? {} : { node }) };
    if (state === 'Moving') {
      return { ...known, ...moving(copies.get(volume.volume), volume) };
    }
    const { filesDone, bytesDone, waitingFor } = volume;
    return {
      ...known,
      ...(waitingFor === undefined ? {} : { waitingFor }),
      ...(filesDone === undefined ? {} : { filesDone, filesTotal: filesDone }),
      ...(bytesDone === undefined ? {} : { bytesDone, bytesTotal: bytesDone }),
    };
  });
}

interface Copy {
  readonly activity: PendingActivity;
  readonly copy: CopyProgress;
  readonly bytesDone: number;
}

function moving(
  known: Copy | undefined,
  { node = '', waitingFor }: VolumeProgress,
): Partial<RunVolume> {
  if (known === undefined) {
    // A workflow of an earlier release does not say how long it waits.
    const reason = `the agent of the node ${node} has not begun`;
    return { waitingFor: waitingFor ?? { reason } };
  }
  const { activity, copy, bytesDone } = known;
  const { phase, filesDone, filesTotal, bytesTotal } = copy;
  const wait = waitOf(activity);
  return {
    ...{ phase, filesDone, filesTotal, bytesDone, bytesTotal },
    ...rateOf(known),
    ...(wait === undefined ? {} : { waitingFor: wait }),
  };
}

/** A copy that has begun again and is at work no longer waits for its next attempt. */
function waitOf(activity: PendingActivity): RunWait | undefined {
  const { waitingFor } = heartbeatOf(activity);
  const isAtWork = isStarted(activity) && workedMs(activity) >= RATE_MS_MIN;
  return isAtWork ? waitingFor : (retryWait(activity) ?? waitingFor);
}

function rateOf({ activity, copy, bytesDone }: Copy): Partial<RunVolume> {
  const ms = workedMs(activity);
  const bytesPerSecond = Math.round((1000 * bytesDone) / ms);
  if (!MOVING_PHASES.has(copy.phase) || ms < RATE_MS_MIN || bytesPerSecond === 0) {
    return {};
  }
  const leftBytes = Math.max(0, copy.bytesTotal - bytesDone);
  return { bytesPerSecond, etaSeconds: Math.ceil(leftBytes / bytesPerSecond) };
}
