import {
  continueAsNew,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import { recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { OperationsCall } from '../domain/plugins/contract.ts';
import { STATUS_BYTES_MAX } from '../domain/plugins/contract-v1.ts';
import { joinLeft, leftReports } from '../domain/plugins/left-operations.ts';
import { nextPause, saysRunning } from '../domain/plugins/running.ts';
import { type Activities, activitiesOf } from './activity-profiles.ts';
import {
  type BatchesDone,
  type EndedOperations,
  operationsStatusQuery,
  type PluginOperationsInput,
  type PluginOperationsResult,
} from './contract.ts';
import { type Batch, isUnfinished, readBatch, throughBatches } from './plugin-batches.ts';
import {
  callFailure,
  type Caller,
  isDeadline,
  lastStatus,
  lastStatusOf,
  sizeFault,
  statusOf,
  whenServed,
} from './plugin-calls.ts';
import { awayOf, cancelBatches, cancelled, isAway } from './plugin-cancel.ts';

/** Batches of operations that are asked about at the same time; between two attempts they cost nothing. */
const BATCHES_IN_FLIGHT = 50;
/** A history of this size takes no more questions to plugins that answer though an operation runs. */
const HISTORY_EVENTS_MAX = 30_000;
const HISTORY_BYTES_MAX = 30 * 1024 * 1024;

/**
 * Waits until all operations that plugins began for a run have ended; a child of the run. Each batch is asked about until all
 * of it has ended, until the plugin is there no more, or until the time is over; then what may still be at work is cancelled.
 * A plugin that was not there to be told that is not waited for again.
 * After that, what failed calls may have begun is cancelled. Continues as new when its history has become long.
 */
export async function pluginOperations(
  input: PluginOperationsInput,
): Promise<PluginOperationsResult> {
  const activities = activitiesOf(input.cluster, input.patienceMs);
  const { handedOn } = input;
  const waited = handedOn?.waited ?? (await planned('waited', input, activities));
  const state = { completed: 0, failed: 0, left: [], ...handedOn, waited };
  const ended = isUnfinished(waited) ? await endBatches(input, state, activities) : state;
  if (isUnfinished(ended.waited)) {
    return continueAsNew<typeof pluginOperations>({ ...input, handedOn: ended });
  }
  const of = ended.voids ?? (await planned('void', input, activities));
  const voids = await cancelBatches(input, { ...of, left: ended.left }, activities);
  const { left, ...told } = voids;
  if (isUnfinished(told)) {
    const handOn = { ...ended, left, voids: told };
    return continueAsNew<typeof pluginOperations>({ ...input, handedOn: handOn });
  }
  const { completed, failed } = ended;
  // Those that were waited for are in the record with their end.
  const batches = left.flatMap((one) => one.batches);
  const { attempt } = of.planned;
  const uncancelled = { attempt, batches, endedAt: recordTime(Date.now()) };
  return {
    ...{ planned: waited.planned, completed, failed, notCancelled: leftReports(left) },
    ...(batches.length === 0 ? {} : { uncancelled }),
  };
}

async function planned(
  scope: 'waited' | 'void',
  { run, rounds }: PluginOperationsInput,
  activities: Activities,
): Promise<BatchesDone> {
  const step =
    scope === 'waited'
      ? 'Gather the operations of plugins'
      : 'Gather what failed calls may have begun';
  const planned = await activities.long(step).planPluginOperations({ ...run, rounds, scope });
  return { planned, done: 0 };
}

type Ended = NonNullable<PluginOperationsInput['handedOn']>;

/** Waits for the batches that have not ended, or for as many as the history has room for. */
async function endBatches(
  input: PluginOperationsInput,
  { waited, ...before }: Ended,
  activities: Activities,
): Promise<Ended> {
  const { completed, failed } = before;
  const total = waited.planned.operations;
  const status = { total, completed, failed, deadline: input.deadline };
  setHandler(operationsStatusQuery, () => status);
  setCurrentDetails(`Waiting for ${String(total)} operations until ${input.deadline}`);
  const away = awayOf(before.left);
  const { results, ...done } = await throughBatches(waited, BATCHES_IN_FLIGHT, async (batch) => {
    const ended = await endOf(input, { ...batch, away }, activities);
    status.completed += ended.completed;
    status.failed += ended.failed;
    return ended.left;
  });
  return {
    ...{ ...before, waited: done, completed: status.completed, failed: status.failed },
    left: joinLeft([...before.left, ...results.flat()]),
  };
}

async function endOf(
  input: PluginOperationsInput,
  { away, ...of }: Batch & { readonly away: Map<string, FailureReport> },
  activities: Activities,
): Promise<EndedOperations> {
  const { caller, call } = await readBatch(input, of, activities);
  const known = away.get(caller.plugin);
  const isKnownAway = known !== undefined && patched('waits-once');
  const said = isKnownAway
    ? { failure: known }
    : await statusWhenEnded(caller, call, input.deadline);
  const { planned, batch } = of;
  const { completed, failed, open } = await activities
    .short(`Store how batch ${String(batch + 1)} of operations ended`)
    .storePluginOperations({
      ...{ ...input.run, attempt: planned.attempt, batch, ...said },
      endedAt: recordTime(Date.now()),
    });
  const atWork = new Set(open);
  const operations = call.operations.filter(({ requestId }) => atWork.has(requestId));
  const ends = { completed, failed };
  if (operations.length === 0) {
    return { ...ends, left: [] };
  }
  const failure = isKnownAway ? known : await cancelled(caller, { ...call, operations });
  if (failure === undefined) {
    return { ...ends, left: [] };
  }
  const { plugin } = caller;
  if (isAway(failure)) {
    away.set(plugin, failure);
  }
  return { ...ends, left: [{ plugin, batches: [], operations: operations.length, failure }] };
}

interface Said {
  readonly answer?: unknown;
  /** Why what runs is waited for no more. */
  readonly failure?: FailureReport;
}

async function statusWhenEnded(
  caller: Caller,
  call: OperationsCall,
  deadline: string,
): Promise<Said> {
  const leftMs = (): number => Date.parse(deadline) - Date.now();
  const summary = `Status of ${String(call.operations.length)} operations`;
  const ask = (): Promise<unknown> =>
    whenServed(() => statusOf(caller, leftMs())(summary).operationStatus(call));
  try {
    // Plugins should fail while something runs; of one that answers, the pause is kept here.
    for (let pauseMs = 0; leftMs() > 0; pauseMs = nextPause(pauseMs)) {
      if (pauseMs > 0) {
        await sleep(Math.min(pauseMs, leftMs()));
      }
      const said = checked(caller, await ask());
      if (said.failure !== undefined || !saysRunning(said.answer)) {
        return said;
      }
      if (isFull()) {
        return { ...said, failure: answersTooOften(caller) };
      }
    }
    return await atDeadline(caller, call, deadline);
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    return isDeadline(error)
      ? atDeadline(caller, call, deadline)
      : { ...lastSaid(caller, error), failure: callFailure(caller, error) };
  }
}

/** Asks a last time when the time is over: what has ended by then is not late. */
async function atDeadline(caller: Caller, call: OperationsCall, deadline: string): Promise<Said> {
  const failure = timedOut(caller, deadline);
  const leftMs = Date.parse(deadline) - Date.now();
  if (leftMs > 0) {
    await sleep(leftMs);
  }
  try {
    const answer = await lastStatusOf(caller)('Status at the deadline').operationStatus(call);
    return { ...(saysRunning(answer) ? { failure } : {}), ...checked(caller, answer) };
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    return { ...lastSaid(caller, error), failure };
  }
}

function isFull(): boolean {
  const { historyLength, historySize } = workflowInfo();
  return historyLength > HISTORY_EVENTS_MAX || historySize > HISTORY_BYTES_MAX;
}

/** What a plugin failed with last, as far as it is a status that is not too large. */
function lastSaid(caller: Caller, error: unknown): Pick<Said, 'answer'> {
  const { answer } = checked(caller, lastStatus(error));
  return answer === undefined ? {} : { answer };
}

function checked(caller: Caller, answer: unknown): Said {
  const failure = sizeFault(caller, answer, STATUS_BYTES_MAX);
  return failure === undefined ? { answer } : { failure };
}

function answersTooOften({ plugin }: Caller): FailureReport {
  const message = `the plugin ${plugin} answers while operations run, too often for a history; it must fail with OperationRunning instead`;
  return { code: 'plugin-answer-invalid', message, subject: `plugin ${plugin}` };
}

function timedOut({ plugin }: Caller, deadline: string): FailureReport {
  const message = `the plugin ${plugin} had not ended the operation by ${deadline}, when itemOperationTimeout was over`;
  return { code: 'operation-timed-out', message, subject: `plugin ${plugin}` };
}
