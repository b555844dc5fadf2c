import { type WorkflowExecutionDescription, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

import type { RunResource } from '../../domain/api-resource.ts';
import { FAILURE_CODES, type FailureReport } from '../../domain/failure.ts';
import { isEndPhase, type Phase } from '../../domain/phase.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import type { LiveRuns } from './live.ts';
import { asReport } from './pending-activity.ts';
import { phaseOf, type RunInfo } from './running.ts';
import type { TemporalRuns } from './temporal.ts';

/** A run that has closed and has no record in the location, as Temporal remembers it. */
export interface LostRun {
  readonly described: WorkflowExecutionDescription;
  /** The latest deletion of the name. */
  readonly deletion: WorkflowExecutionDescription | undefined;
}

/** A run that left no record: refused, or failed before it could write one. Undefined if it was deleted since. */
export async function lostRun<Resource extends RunResource>(
  { live, temporal }: { live: LiveRuns<Resource>; temporal: TemporalRuns },
  key: RunKey,
  lost: LostRun,
): Promise<Resource | undefined> {
  const { described } = lost;
  const deletion = laterDeletion(lost);
  const hasCompleted = described.status.name === 'COMPLETED';
  const fate = deletion?.status.name ?? (hasCompleted ? 'COMPLETED' : 'FAILED');
  if (fate === 'COMPLETED') {
    return undefined;
  }
  const end = (phase: Phase, failure?: FailureReport): Resource =>
    live.resource(key, described, endedStatus(described, phase, failure));
  if (fate === 'RUNNING') {
    return end('Deleting');
  }
  if (hasCompleted) {
    // The record is gone and other files are not: the deletion has to be asked for again.
    return end('Failed', await failureOf(temporal, deletion ?? described));
  }
  const failure = await failureOf(temporal, described);
  return end(closedPhase(described, failure), failure);
}

/** A deletion that is older than the run was that of an earlier run. */
function laterDeletion({ described, deletion }: LostRun): LostRun['deletion'] {
  return deletion !== undefined && deletion.startTime > described.startTime ? deletion : undefined;
}

function endedStatus(
  { startTime, closeTime }: RunInfo,
  phase: Phase,
  failure: FailureReport | undefined,
): RunResource['status'] {
  return {
    phase,
    startTimestamp: startTime.toISOString(),
    ...(closeTime === undefined ? {} : { completionTimestamp: closeTime.toISOString() }),
    progress: { itemsDone: 0, itemsTotal: 0 },
    warnings: 0,
    errors: failure === undefined ? 0 : 1,
    ...(failure === undefined ? {} : { failure }),
  };
}

function closedPhase(info: RunInfo, failure: FailureReport | undefined): Phase {
  if (info.status.name === 'CANCELLED') {
    return 'Cancelled';
  }
  const told = phaseOf(info);
  if (isEndPhase(told)) {
    return told;
  }
  // Where search attributes are not registered, the failure has to tell.
  const isRefused = failure !== undefined && FAILURE_CODES[failure.code].type === 'Refused';
  return isRefused ? 'FailedValidation' : 'Failed';
}

/** Why a workflow failed, as its activity reported it. */
async function failureOf(
  temporal: TemporalRuns,
  { workflowId, runId }: RunInfo,
): Promise<FailureReport | undefined> {
  try {
    await temporal.call(() => temporal.client.workflow.getHandle(workflowId, runId).result());
  } catch (error) {
    return runFailure(error);
  }
  return undefined;
}

/** The report in the failure of a workflow; undefined for a failure of the call. */
export function runFailure(error: unknown): FailureReport | undefined {
  for (let part: unknown = error; part instanceof Error; part = part.cause) {
    const report = part instanceof ApplicationFailure ? asReport(part.details?.[0]) : undefined;
    if (report !== undefined) {
      return report;
    }
  }
  return error instanceof WorkflowFailedError
    ? { code: 'internal', message: 'the run ended without a result' }
    : undefined;
}
