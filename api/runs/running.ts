import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import protocol, { type temporal } from '@temporalio/proto';

import type { RunResourceStatus } from '../../domain/api-resource.ts';
import { type FailureReport, isFailureCode } from '../../domain/failure.ts';
import { isPhase, type Phase } from '../../domain/phase.ts';
import type { HeartbeatProgress, RunStatus, RunWait } from '../../domain/run-status.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract.ts';

/** A run as Temporal lists or describes it. */
export type RunInfo = Omit<WorkflowExecutionInfo, 'raw'>;

type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;

const { PENDING_ACTIVITY_STATE_STARTED } = protocol.temporal.api.enums.v1.PendingActivityState;

/** The status of a run that is under way, from what its workflow and its activities say about themselves. */
export function runningStatus(
  info: RunInfo,
  status: RunStatus | undefined,
  pending: readonly PendingActivity[],
): RunResourceStatus {
  const beats = pending.map(heartbeatOf).reduce((sum, beat) => sum + beat.itemsDone, 0);
  const wait = waitOf(pending, status);
  return {
    ...(status === undefined ? unanswered(info, beats) : answered(status, beats)),
    ...(wait === undefined ? {} : { waitingFor: wait }),
    warnings: 0,
    errors: 0,
  };
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

function rateOf(itemsDone: number, { stepTimestamp }: RunStatus): { itemsPerSecond?: number } {
  const seconds = (Date.now() - Date.parse(stepTimestamp)) / 1000;
  return itemsDone > 0 && seconds > 1
    ? { itemsPerSecond: Math.round((itemsDone / seconds) * 10) / 10 }
    : {};
}

function waitOf(
  pending: readonly PendingActivity[],
  status: RunStatus | undefined,
): RunWait | undefined {
  const failing = pending.find(({ lastFailure }) => lastFailure != null);
  if (failing !== undefined) {
    const failure = reportOf(failing);
    return {
      reason: `${stepName(failing)} failed and is tried again`,
      attempt: failing.attempt ?? 1,
      ...(failure === undefined ? {} : { failure }),
      ...deadlineOf(failing),
    };
  }
  const waiting = pending.find((one) => heartbeatOf(one).waitingFor !== undefined);
  if (waiting !== undefined) {
    return heartbeatOf(waiting).waitingFor;
  }
  const queued = pending.find(({ state }) => state !== PENDING_ACTIVITY_STATE_STARTED);
  const active = queued ?? pending[0];
  if (active === undefined) {
    return status === undefined ? { reason: 'no worker tells how far the run is' } : undefined;
  }
  const what = queued === undefined ? 'is under way' : 'waits for a worker to take it';
  return { reason: `${stepName(active)} ${what}`, ...deadlineOf(active) };
}

function stepName(activity: PendingActivity): string {
  return `the step ${activity.activityType?.name ?? 'unknown'}`;
}

function deadlineOf({ expirationTime }: PendingActivity): { deadline?: string } {
  const seconds = Number(expirationTime?.seconds ?? 0);
  return seconds > 0 ? { deadline: new Date(seconds * 1000).toISOString() } : {};
}

function heartbeatOf({ heartbeatDetails }: PendingActivity): HeartbeatProgress {
  const [payload] = heartbeatDetails?.payloads ?? [];
  const value: unknown = payload == null ? undefined : defaultPayloadConverter.fromPayload(payload);
  const isProgress = typeof value === 'object' && value !== null && 'itemsDone' in value;
  return isProgress ? (value as HeartbeatProgress) : { itemsDone: 0, bytesDone: 0 };
}

function reportOf({ lastFailure }: PendingActivity): FailureReport | undefined {
  const [payload] = lastFailure?.applicationFailureInfo?.details?.payloads ?? [];
  return payload == null ? undefined : asReport(defaultPayloadConverter.fromPayload(payload));
}

/** A failure report that came out of Temporal; undefined for anything else. */
export function asReport(value: unknown): FailureReport | undefined {
  const isReport =
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    isFailureCode(value.code);
  return isReport ? (value as FailureReport) : undefined;
}
