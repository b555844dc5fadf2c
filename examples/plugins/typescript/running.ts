import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

import type { OperationsAnswer } from './contract.ts';

const ASK_AGAIN = '2 seconds';

/**
 * The answer of `operationStatus`. While an operation runs it is a failure: Temporal tries a call that failed again, after
 * the delay that it names, and between two tries it costs neither a slot nor history. The details are what Holdfast shows as
 * progress. `BENIGN` keeps the failure out of error logs and metrics.
 */
export function whenEnded(answer: OperationsAnswer): OperationsAnswer {
  if (answer.operations.every(({ phase }) => phase !== 'Running')) {
    return answer;
  }
  throw ApplicationFailure.create({
    type: 'OperationRunning',
    message: 'an operation runs',
    details: [answer],
    nextRetryDelay: ASK_AGAIN,
    category: ApplicationFailureCategory.BENIGN,
  });
}
