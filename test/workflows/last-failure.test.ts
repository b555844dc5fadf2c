import {
  ActivityFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common';
import { expect, test } from 'vitest';

import type { FailureReport } from '../../domain/failure.ts';
import { lastStatus } from '../../workflows/plugin-calls.ts';
import { reportOf } from '../../workflows/run-tracker.ts';

// Goal: a step that ran out of time says what it failed with before. Method: failures as the server writes them into a history.

/** Of the protocol: the attempt took too long. */
const SCHEDULE_TO_CLOSE = 3;

function timedOut(type: string, detail: unknown): Error {
  const details = { payloads: [defaultPayloadConverter.toPayload(detail)] };
  const cause = { message: 'the attempt before', applicationFailureInfo: { type, details } };
  const timeout = { timeoutFailureInfo: { timeoutType: SCHEDULE_TO_CLOSE }, cause };
  return defaultFailureConverter.failureToError(
    {
      message: 'activity task timed out',
      activityFailureInfo: { activityType: { name: 'planBackup' } },
      cause: timeout,
    },
    defaultPayloadConverter,
  );
}

test('the report is that of the attempt before the timeout', () => {
  const report: FailureReport = { code: 'location-unreachable', message: 'the store is away' };
  const error = timedOut('Unavailable', report);
  expect(error).toBeInstanceOf(ActivityFailure);
  expect(reportOf(error)).toEqual(report);
});

test('the status of operations is what the plugin said before the timeout', () => {
  const answer = { operations: [{ requestId: 'r', phase: 'Running', progress: { done: 4 } }] };
  expect(lastStatus(timedOut('OperationRunning', answer))).toEqual(answer);
  expect(lastStatus(timedOut('Other', answer))).toBeUndefined();
});
