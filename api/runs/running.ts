import type { WorkflowExecutionInfo } from '@temporalio/client';

import type { RunOperations, RunResourceStatus } from '../../domain/api-resource.ts';
import { isPhase, type Phase } from '../../domain/phase.ts';
import type { RunStatus, RunWait } from '../../domain/run-status.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract.ts';
import {
  deadlineOf,
  heartbeatOf,
  isStarted,
  type PendingActivity,
  retryWait,
  stepName,
} from './pending-activity.ts';
import { type VolumesBatch, volumesStatus } from './volume-status.ts';

/** A run as Temporal lists or describes it. */
export type RunInfo = Omit<WorkflowExecutionInfo, 'raw'>;

/** What is told of a run that is under way. */
interface RunTold {
  /** By its workflow; undefined when no worker answers. */
  readonly status: RunStatus | undefined;
  /** Its activities. */
  readonly pending: readonly PendingActivity[];
  /** The batches of volumes under way; undefined when they are not asked, or do not answer. */
  readonly batches?: readonly VolumesBatch[] | undefined;
  /** What is under way in the children that ask or tell plugins. */
  readonly plugins?: readonly PendingActivity[];
  /** The operations of plugins that the run waits for. */
  readonly operations?: RunOperations | undefined;
}

/** The status of a run that is under way, from what its workflow and its activities say about themselves. */
export function runningStatus(info: RunInfo, told: RunTold): RunResourceStatus {
  const { status, pending, batches, operations } = told;
  const beats = pending.map(heartbeatOf).reduce((sum, beat) => sum + beat.itemsDone, 0);
  const wait = waitOfAll(told);
  const volumes = status?.volumes && batches && volumesStatus(status.volumes, batches);
  return {
    ...(status === undefined ? unanswered(info, beats) : answered(status, beats)),
    ...(wait === undefined ? {} : { waitingFor: wait }),
    ...(volumes === undefined ? {} : { volumes }),
    ...(operations === undefined ? {} : { operations }),
    warnings: 0,
    errors: 0,
  };
}

function waitOfAll(told: RunTold): RunWait | undefined {
  const { status, pending, batches = [], plugins = [], operations } = told;
  const ofBatches = batches.flatMap((batch) => batch.pending);
  return (
    waitOf([...pending, ...ofBatches, ...plugins], status) ??
    volumeWait(batches) ??
    operationWait(operations)
  );
}

/** What the workflow says, and what its activities did since. */
function answered(status: RunStatus, beats: number) {
  const { phase, step, startTimestamp, progress } = status;
  const itemsDone = progress.itemsDone + beats;
  return {
    phase,
    step,
    startTimestamp,
    progress: { itemsDone, itemsTotal: progress.itemsTotal, ...rateOf(itemsDone, status) },
  };
}

/** What the server knows of a run whose worker does not answer. */
function unanswered(info: RunInfo, itemsDone: number) {
  return {
    phase: phaseOf(info),
    startTimestamp: info.startTime.toISOString(),
    progress: { itemsDone, itemsTotal: 0 },
  };
}

/** The phase that the workflow wrote last, for runs whose worker does not answer. */
export function phaseOf(info: RunInfo): Phase {
  const phase = info.typedSearchAttributes.get(SEARCH_ATTRIBUTES.phase);
  return phase !== undefined && isPhase(phase) ? phase : 'InProgress';
}

function rateOf(
  itemsDone: number,
  { step, stepTimestamp }: RunStatus,
): { itemsPerSecond?: number } {
  const seconds = (Date.now() - Date.parse(stepTimestamp)) / 1000;
  // While volumes are moved, no items are.
  return step !== 'volumes' && itemsDone > 0 && seconds > 1
    ? { itemsPerSecond: Math.round((itemsDone / seconds) * 10) / 10 }
    : {};
}

/** What a volume waits for while no activity is under way: its repository. */
function volumeWait(batches: readonly VolumesBatch[]): RunWait | undefined {
  return batches
    .flatMap(({ volumes }) => volumes)
    .find(({ state, waitingFor }) => state === 'Waiting' && waitingFor !== undefined)?.waitingFor;
}

/** What is waited for while plugins are at work. */
function operationWait(operations: RunOperations | undefined): RunWait | undefined {
  if (operations === undefined) {
    return undefined;
  }
  const { total, completed, failed, deadline } = operations;
  const left = String(total - completed - failed);
  return {
    reason: `${left} of ${String(total)} operations of plugins have not ended`,
    ...(deadline === undefined ? {} : { deadline }),
  };
}

function waitOf(
  pending: readonly PendingActivity[],
  status: RunStatus | undefined,
): RunWait | undefined {
  const failing = pending.map(retryWait).find((wait) => wait !== undefined);
  if (failing !== undefined) {
    return failing;
  }
  const waiting = pending.find((one) => heartbeatOf(one).waitingFor !== undefined);
  if (waiting !== undefined) {
    return heartbeatOf(waiting).waitingFor;
  }
  const queued = pending.find((one) => !isStarted(one));
  const active = queued ?? pending[0];
  if (active === undefined) {
    return status === undefined ? { reason: 'no worker tells how far the run is' } : undefined;
  }
  const what = queued === undefined ? 'is under way' : 'waits for a worker to take it';
  return { reason: `${stepName(active)} ${what}`, ...deadlineOf(active) };
}
