import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';

import { kindOf, publicText, Told } from './told.ts';

/** Around every activity: a failure leaves the worker without cause, without stack, and without words of others. */
export function quiet(): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (error) {
          throw error instanceof CancelledFailure ? error : bare(error);
        }
      },
    },
  };
}

function bare(error: unknown): ApplicationFailure {
  const ours = error instanceof ApplicationFailure ? error : undefined;
  const failure =
    ours?.type === 'OperationRunning'
      ? ours
      : ApplicationFailure.create({
          type: error instanceof Told ? 'PluginFailure' : kindOf(error),
          message: publicText(error),
          nonRetryable: ours?.nonRetryable === true,
        });
  // It would show files of this worker, and nothing else.
  failure.stack = '';
  return failure;
}
