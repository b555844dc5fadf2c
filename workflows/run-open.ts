import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  setHandler,
} from '@temporalio/workflow';

import type { OpenResult } from '../activities/contract.ts';
import { FAILURE_CODES, type FailureReport } from '../domain/failure.ts';
import { type OpenAnswer, openUpdate } from './contract.ts';
import type { RunTracker } from './run-tracker.ts';

export type Opened = Extract<OpenResult, { kind: 'accepted' }>;

interface OpenStep {
  readonly open: () => Promise<OpenResult>;
  /** Gives the claim back when the step failed or was cancelled after it may have claimed the name. */
  readonly release: () => Promise<void>;
}

/**
 * The open step of a run, and the answer that the API waits for. A request that is refused ends the workflow
 * here, with nothing left behind.
 */
export async function openRun(step: OpenStep, tracker: RunTracker): Promise<Opened> {
  const state: { answer?: OpenAnswer } = {};
  setHandler(openUpdate, async (): Promise<OpenAnswer> => {
    await condition(() => state.answer !== undefined);
    return state.answer ?? { kind: 'existing' };
  });
  tracker.enter('open', 'New', 'checking the request and claiming the name');
  const result = await openOrRelease(step);
  state.answer = result.kind === 'accepted' ? { kind: 'accepted' } : result;
  if (result.kind === 'accepted') {
    return result;
  }
  const failure: FailureReport =
    result.kind === 'refused'
      ? result.failure
      : { code: 'already-exists', message: 'an earlier run of this name has ended' };
  tracker.end('FailedValidation', failure.message);
  // The answer is lost if the workflow closes before the handler has returned it.
  await condition(allHandlersFinished);
  throw failureOf(failure);
}

/** A report as the failure that ends a workflow. */
function failureOf(report: FailureReport): ApplicationFailure {
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

async function openOrRelease({ open, release }: OpenStep): Promise<OpenResult> {
  try {
    return await open();
  } catch (error) {
    await CancellationScope.nonCancellable(release);
    throw error;
  }
}
