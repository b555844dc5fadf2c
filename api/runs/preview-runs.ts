import { randomUUID } from 'node:crypto';

import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';

import { Failure } from '../../domain/failure.ts';
import { previewWorkflowId, type RunKey, WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import { asReport } from './pending-activity.ts';
import { failureOf } from './service.ts';
import type { TemporalRuns } from './temporal.ts';

/** Previews that one API process has under way: each asks the cluster much, beside the runs of the same workers. */
const PREVIEWS_MAX = 4;
/** The end of a run that takes too long is told by Temporal, so the API waits a little longer than the run may take. */
const END_WAIT_MS = 5000;

/** How long somebody waits for a preview. */
export interface PreviewWait {
  readonly waitMs: number;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

export interface PreviewRun {
  readonly workflow: string;
  readonly key: RunKey;
  readonly input: unknown;
  /** What the Temporal UI shows. */
  readonly summary: string;
  readonly wait: PreviewWait;
}

/** Runs the workflows of previews, a few at the same time, and waits for what they say. */
export class PreviewRuns {
  readonly #temporal: TemporalRuns;
  #underWay = 0;

  constructor(temporal: TemporalRuns) {
    this.#temporal = temporal;
  }

  /**
   * What a preview says. Throws what its activity throws, `throttled` when others look as well, and `preview-timeout`
   * when it takes longer than somebody waits. A preview for which nobody waits any more is cancelled.
   */
  async result(run: PreviewRun): Promise<unknown> {
    if (this.#underWay >= PREVIEWS_MAX) {
      const text = `${String(PREVIEWS_MAX)} previews are under way; ask again when one has ended`;
      throw new Failure('throttled', text);
    }
    this.#underWay += 1;
    try {
      return await this.#execute(run);
    } catch (error) {
      throw failureOfRun(error);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #execute({ workflow, key, input, summary, wait }: PreviewRun): Promise<unknown> {
    const { client } = this.#temporal;
    const { waitMs, signal } = wait;
    const handle = await this.#temporal.call(() =>
      client.workflow.start(workflow, {
        workflowId: previewWorkflowId(key, randomUUID()),
        taskQueue: WORKFLOW_TASK_QUEUE,
        args: [input],
        workflowExecutionTimeout: waitMs,
        staticSummary: summary,
      }),
    );
    try {
      return await this.#temporal.call(
        () => client.withAbortSignal(signal, () => handle.result()),
        waitMs + END_WAIT_MS,
      );
    } finally {
      if (signal.aborted) {
        await this.#cancel(handle);
      }
    }
  }

  /** One that cannot be cancelled ends when its time is over. */
  async #cancel(handle: WorkflowHandle): Promise<void> {
    await this.#temporal.call(() => handle.cancel()).catch(() => undefined);
  }
}

const TIMEOUT_TEXT =
  'the preview takes too long; narrow the request, or wait longer: "Prefer: wait=280" is the most';

/** What the activity failed with, or that nobody waited to its end. */
function failureOfRun(error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) {
    return error;
  }
  const { cause } = error;
  const inner = cause instanceof ActivityFailure ? cause.cause : cause;
  const report = inner instanceof ApplicationFailure ? asReport(inner.details?.[0]) : undefined;
  return report === undefined
    ? new Failure('preview-timeout', TIMEOUT_TEXT, { cause: error })
    : failureOf(report);
}
