import { defaultPayloadConverter } from '@temporalio/common';
import protocol, { type temporal } from '@temporalio/proto';

import { type FailureReport, isFailureCode } from '../../domain/failure.ts';
import type { HeartbeatProgress, RunWait } from '../../domain/run-status.ts';

/** An activity that has not ended, as Temporal describes it. */
export type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;

const { PENDING_ACTIVITY_STATE_STARTED } = protocol.temporal.api.enums.v1.PendingActivityState;

export function isStarted({ state }: PendingActivity): boolean {
  return state === PENDING_ACTIVITY_STATE_STARTED;
}

/** What an activity said last of itself, maybe in an earlier attempt. */
export function heartbeatOf({ heartbeatDetails }: PendingActivity): HeartbeatProgress {
  const [payload] = heartbeatDetails?.payloads ?? [];
  const value: unknown = payload == null ? undefined : defaultPayloadConverter.fromPayload(payload);
  const isProgress = typeof value === 'object' && value !== null && 'itemsDone' in value;
  return isProgress ? (value as HeartbeatProgress) : { itemsDone: 0, bytesDone: 0 };
}

/** What an activity waits for that has failed and is tried again; undefined for one that has not failed. */
export function retryWait(activity: PendingActivity): RunWait | undefined {
  if (activity.lastFailure == null) {
    return undefined;
  }
  const failure = reportOf(activity);
  return {
    reason: `${stepName(activity)} failed and is tried again`,
    attempt: activity.attempt ?? 1,
    ...(failure === undefined ? {} : { failure }),
    ...deadlineOf(activity),
  };
}

export function stepName(activity: PendingActivity): string {
  return `the step ${activity.activityType?.name ?? 'unknown'}`;
}

export function deadlineOf({ expirationTime }: PendingActivity): { deadline?: string } {
  const ms = millisecondsOf(expirationTime);
  return ms > 0 ? { deadline: new Date(ms).toISOString() } : {};
}

/** How long the present attempt had been at work when it was last heard of, in milliseconds. */
export function workedMs({ lastStartedTime, lastHeartbeatTime }: PendingActivity): number {
  return Math.max(0, millisecondsOf(lastHeartbeatTime) - millisecondsOf(lastStartedTime));
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

function reportOf(activity: PendingActivity): FailureReport | undefined {
  return asReport(lastDetail(activity));
}

/** What an activity attached to the failure of its last attempt. */
export function lastDetail({ lastFailure }: PendingActivity): unknown {
  const [payload] = lastFailure?.applicationFailureInfo?.details?.payloads ?? [];
  return payload == null ? undefined : defaultPayloadConverter.fromPayload(payload);
}

/** 0 for no time. */
function millisecondsOf(time: PendingActivity['expirationTime']): number {
  const { seconds = 0, nanos = 0 } = time ?? {};
  return Number(seconds) * 1000 + Math.floor((nanos ?? 0) / 1_000_000);
}
