import { log } from '@temporalio/activity';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';

import { Failure, type FailureReport, isRetried } from '../domain/failure.ts';
import { tellFailedAttempt } from './run-log/activity-log.ts';

/**
 * What enters history when an activity throws: type, code, subject and our own text. Messages, causes and stacks
 * of Kubernetes, webhook and library errors stay out, because they quote field values.
 */
function redacted(error: unknown): unknown {
  if (error instanceof TemporalFailure || isAbort(error)) {
    return error;
  }
  const report = reportOf(error);
  const failure = error instanceof Failure ? error : undefined;
  const redactedFailure = ApplicationFailure.create({
    message: `${report.code}: ${report.message}`,
    type: failure?.type ?? 'Internal',
    nonRetryable: !isRetried(report.code),
    details: [report],
    ...(failure?.retryAfterMs === undefined ? {} : { nextRetryDelay: failure.retryAfterMs }),
  });
  // A stack says where the code lies on this machine, and nothing that the log does not say better.
  redactedFailure.stack = '';
  return redactedFailure;
}

/** Runs an activity's body and redacts what it throws; the stack goes to the worker's log. */
export async function redactFailures<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const known = redacted(error);
    if (!(error instanceof Failure) && known !== error) {
      log.error('activity failed unforeseen', { name: errorName(error), stack: frames(error) });
    }
    tellAttempt(error, known);
    throw known;
  }
}

/** The log of the run has more of it than the history. */
function tellAttempt(error: unknown, known: unknown): void {
  if (known !== error) {
    const report = reportOf(error);
    tellFailedAttempt(isRetried(report.code) ? 'warning' : 'error', report, error);
  }
}

function reportOf(error: unknown): FailureReport {
  if (error instanceof Failure) {
    const { code, message, subject, errors } = error;
    return {
      ...{ code, message },
      ...(subject === undefined ? {} : { subject }),
      ...(errors === undefined ? {} : { errors }),
    };
  }
  return {
    code: 'internal',
    message: `an unforeseen ${errorName(error)}; the worker log has more`,
  };
}

/** Where an unforeseen error was thrown, without its message. */
function frames(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .join('\n');
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/** A cancelled activity must end with the reason of its cancellation, which the SDK recognises. */
function isAbort(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'AbortError' || error.name === 'CancelledFailure')
  );
}
