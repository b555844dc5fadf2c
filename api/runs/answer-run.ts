import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';

import type { Failure } from '../../domain/failure.ts';
import { WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import { asReport } from './pending-activity.ts';
import { failureOf } from './service.ts';
import type { TemporalRuns } from './temporal.ts';

/** The end of a run that takes too long is told by Temporal, so the API waits a little longer than the run may take. */
const END_WAIT_MS = 5000;

/** How long somebody waits for an answer. */
export interface AnswerWait {
  readonly waitMs: number;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** A workflow that does nothing but answer. */
export interface AnswerRun {
  readonly workflow: string;
  readonly workflowId: string;
  readonly input: unknown;
  /** What the Temporal UI shows. */
  readonly summary: string;
  readonly wait: AnswerWait;
  /** What is thrown when it takes longer than somebody waits. */
  readonly late: (cause: unknown) => Failure;
}

/**
 * What a workflow answers. Throws what it or its activity throws. One for which nobody waits any more is cancelled.
 */
export async function answerOf(temporal: TemporalRuns, run: AnswerRun): Promise<unknown> {
  try {
    return await execute(temporal, run);
  } catch (error) {
    throw failureOfRun(error, run.late);
  }
}

async function execute(
  temporal: TemporalRuns,
  { workflow, workflowId, input, summary, wait: { waitMs, signal } }: AnswerRun,
): Promise<unknown> {
  const { client } = temporal;
  const handle = await temporal.call(() =>
    client.workflow.start(workflow, {
      workflowId,
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [input],
      workflowExecutionTimeout: waitMs,
      staticSummary: summary,
    }),
  );
  try {
    return await temporal.call(
      () => client.withAbortSignal(signal, () => handle.result()),
      waitMs + END_WAIT_MS,
    );
  } finally {
    if (signal.aborted) {
      await cancel(temporal, handle);
    }
  }
}

/** One that cannot be cancelled ends when its time is over. */
async function cancel(temporal: TemporalRuns, handle: WorkflowHandle): Promise<void> {
  await temporal.call(() => handle.cancel()).catch(() => undefined);
}

/** What the workflow or its activity failed with, or that nobody waited to its end. */
function failureOfRun(error: unknown, late: AnswerRun['late']): unknown {
  if (!(error instanceof WorkflowFailedError)) {
    return error;
  }
  const { cause } = error;
  const inner = cause instanceof ActivityFailure ? cause.cause : cause;
  const report = inner instanceof ApplicationFailure ? asReport(inner.details?.[0]) : undefined;
  return report === undefined ? late(error) : failureOf(report);
}
