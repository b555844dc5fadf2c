import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type { TimeoutFailure } from '@temporalio/workflow';

/**
 * What the attempt before a timeout failed with; undefined where there was none. The server sends it as the cause of the
 * timeout, and the SDK leaves it out of the error.
 */
export function lastFailureOf(timeout: TimeoutFailure): Error | undefined {
  const cause = timeout.failure?.cause;
  return cause === undefined || cause === null
    ? undefined
    : defaultFailureConverter.failureToError(cause, defaultPayloadConverter);
}
