import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';

import type { LeftRun, OpenResult } from '../activities/contract.ts';
import type { FailureReport } from '../domain/failure.ts';
import { type OpenAnswer, openUpdate } from './contract.ts';
import { failureOf } from './failure.ts';
import { reportOf, type RunTracker } from './run-tracker.ts';

export type Opened = Extract<OpenResult, { kind: 'accepted' }>;
type OpenEnd = Exclude<OpenResult, LeftRun>;

interface OpenStep {
  readonly open: () => Promise<OpenEnd>;
  /** Gives the claim back when the step failed or was cancelled after it may have claimed the name. */
  readonly release: () => Promise<void>;
}

/**
 * The open step of a run, and the answer that the API waits for: accepted, refused, or why the step failed. A run
 * that was not opened ends the workflow here, with nothing left behind.
 */
export async function openRun(step: OpenStep, tracker: RunTracker): Promise<Opened> {
  const state: { answer?: OpenAnswer } = {};
  setHandler(openUpdate, async (): Promise<OpenAnswer> => {
    await condition(() => state.answer !== undefined);
    return state.answer ?? { kind: 'existing' };
  });
  tracker.enter('open', 'New', 'checking the request and claiming the name');
  let result: OpenEnd;
  try {
    result = await step.open();
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      try {
        await step.release();
      } finally {
        state.answer = { kind: 'refused', failure: failed(error, tracker) };
        // The answer is lost if the workflow closes before the handler has returned it.
        await condition(allHandlersFinished);
      }
    });
    throw error;
  }
  state.answer = result.kind === 'accepted' ? { kind: 'accepted' } : result;
  if (result.kind === 'accepted') {
    return result;
  }
  const failure: FailureReport =
    result.kind === 'refused'
      ? result.failure
      : { code: 'already-exists', message: 'an earlier run of this name has ended' };
  tracker.end('FailedValidation', failure.message);
  await condition(allHandlersFinished);
  throw failureOf(failure);
}

/** Says how a run ended whose open step failed or was cancelled, and gives it as the answer. */
function failed(error: unknown, tracker: RunTracker): FailureReport {
  if (isCancellation(error)) {
    tracker.end('Cancelled', 'cancelled before it was opened');
    return { code: 'already-finished', message: 'the run was cancelled before it was opened' };
  }
  const failure = reportOf(error);
  tracker.end('Failed', failure.message);
  return failure;
}
