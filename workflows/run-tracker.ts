import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  setCurrentDetails,
  setHandler,
  TimeoutFailure,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';

import { recordTime } from '../domain/duration.ts';
import { type FailureReport, isFailureCode } from '../domain/failure.ts';
import { isEndPhase, type Phase } from '../domain/phase.ts';
import type {
  EndedVolumes,
  MovedVolumes,
  PhaseChange,
  RunStatus,
  RunStep,
} from '../domain/run-status.ts';
import { runWords } from '../domain/run-words.ts';
import { batchSize } from '../domain/volumes/volume-plan.ts';
import { runStatusQuery, SEARCH_ATTRIBUTES } from './contract.ts';
import { lastFailureOf } from './last-failure.ts';

/** Keeps what the status query answers and what the Temporal UI shows of a run. */
export interface RunTracker {
  readonly startTimestamp: string;
  /** The phases and steps so far, for the log of the run. */
  phases(): readonly PhaseChange[];
  /** Says which step begins; a new phase is written to the search attribute. */
  enter(step: RunStep, phase: Phase, words: string): void;
  hasEntered(step: RunStep): boolean;
  plan(itemsTotal: number): void;
  /** Says how many volumes are copied, in how many batches. */
  volumes(volumes: { readonly total: number; readonly batches: number }): void;
  /** Says what a batch of these has moved, the first one having the number 0; the rest of it has failed. */
  batchEnded(batch: number, moved: MovedVolumes): void;
  advance(items: number): void;
  /** Says that so many items, volumes or operations have failed, but not the run. */
  failed(count: number): void;
  /** A phase in which a run goes on, or the one that says as well that something has failed. */
  partly(phase: 'WaitingForPluginOperations' | 'Finalizing'): Phase;
  /** Says how the run ended. */
  end(phase: Phase, words: string): void;
}

/** Starts to keep track of the workflow that calls it. */
export function trackRun(): RunTracker {
  const { startTime, typedSearchAttributes } = workflowInfo();
  const startTimestamp = recordTime(startTime.getTime());
  // They are written only when the start wrote them: a server that does not know them would fail the task.
  const hasSearchAttributes = typedSearchAttributes.get(SEARCH_ATTRIBUTES.phase) !== undefined;
  let status: RunStatus = {
    phase: 'New',
    step: 'open',
    progress: { itemsDone: 0, itemsTotal: 0 },
    startTimestamp,
    stepTimestamp: startTimestamp,
    phases: [],
  };
  setHandler(runStatusQuery, () => status);
  const entered = new Set<RunStep>();
  let hasFailures = false;
  let words = '';

  function change(next: Partial<RunStatus>): void {
    status = { ...status, ...next };
    const { phase } = status;
    setCurrentDetails(isEndPhase(phase) ? `**${phase}** · ${words}` : runWords(status, words));
  }

  function show(step: RunStep, phase: Phase, told: string): void {
    if (phase !== status.phase && hasSearchAttributes) {
      upsertSearchAttributes([{ key: SEARCH_ATTRIBUTES.phase, value: phase }]);
    }
    entered.add(step);
    const stepTimestamp = step === status.step ? status.stepTimestamp : recordTime(Date.now());
    words = told;
    const phases = withChange(status.phases ?? [], { phase, step });
    change({ phase, step, stepTimestamp, phases });
  }

  function failed(count: number): void {
    hasFailures ||= count > 0;
  }

  return {
    startTimestamp,
    phases: () => status.phases ?? [],
    enter: show,
    failed,
    partly: (phase) => (hasFailures ? `${phase}PartiallyFailed` : phase),
    hasEntered: (step) => entered.has(step),
    plan: (itemsTotal) => {
      change({ progress: { itemsDone: 0, itemsTotal } });
    },
    volumes: (volumes) => {
      change({ volumes: { ...volumes, ended: NONE_ENDED } });
    },
    batchEnded: (batch, moved) => {
      const { volumes } = status;
      if (volumes !== undefined) {
        const { size = batchSize(volumes.total, batch) } = moved;
        failed(size - moved.volumes);
        change({ volumes: { ...volumes, ended: added(volumes.ended, moved, size) } });
      }
    },
    advance: (items) => {
      const { itemsDone, itemsTotal } = status.progress;
      change({ progress: { itemsDone: itemsDone + items, itemsTotal } });
    },
    end: (phase, words) => {
      show(status.step, phase, words);
    },
  };
}

/** More are not told: a restore may go to and fro between its waves and its volumes. */
const PHASES_MAX = 50;

function withChange(
  phases: readonly PhaseChange[],
  { phase, step }: Pick<PhaseChange, 'phase' | 'step'>,
): readonly PhaseChange[] {
  const last = phases.at(-1);
  const isSame = last?.phase === phase && last.step === step;
  return isSame || phases.length >= PHASES_MAX
    ? phases
    : [...phases, { time: new Date(Date.now()).toISOString(), phase, step }];
}

const NONE_ENDED: EndedVolumes = { done: 0, failed: 0, files: 0, bytes: 0 };

function added(ended: EndedVolumes, moved: MovedVolumes, size: number): EndedVolumes {
  return {
    done: ended.done + moved.volumes,
    failed: ended.failed + size - moved.volumes,
    files: ended.files + moved.files,
    bytes: ended.bytes + moved.bytes,
  };
}

/** What went wrong, as the record and the API tell it: the report that the activity attached, or the timeout. */
export function reportOf(error: unknown): FailureReport {
  const inner = error instanceof ChildWorkflowFailure ? error.cause : error;
  const cause = inner instanceof ActivityFailure ? inner.cause : inner;
  if (cause instanceof TimeoutFailure) {
    const last = lastFailureOf(cause);
    return last instanceof ApplicationFailure
      ? reportOf(last)
      : {
          code: 'timed-out',
          message: `a step did not end in time (${String(cause.timeoutType)})`,
        };
  }
  if (cause instanceof ApplicationFailure) {
    const detail: unknown = cause.details?.[0];
    if (isReport(detail)) {
      return detail;
    }
  }
  return { code: 'internal', message: 'an unforeseen failure; the worker log has more' };
}

/** Whether nobody took an activity in the time that it may wait for that. */
export function isQueuedTooLong(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}

function isReport(value: unknown): value is FailureReport {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    isFailureCode(value.code) &&
    'message' in value &&
    typeof value.message === 'string'
  );
}
