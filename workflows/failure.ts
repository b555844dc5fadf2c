import { ApplicationFailure } from '@temporalio/workflow';

import { FAILURE_CODES, type FailureReport } from '../domain/failure.ts';

/** A report as the failure that a workflow ends or answers with. */
export function failureOf(report: FailureReport): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: `${report.code}: ${report.message}`,
    type: FAILURE_CODES[report.code].type,
    nonRetryable: true,
    details: [report],
  });
  // The failure is what the request deserves, and not a fault of the code that a stack would find.
  failure.stack = '';
  return failure;
}
