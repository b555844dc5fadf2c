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
  type OpenBatch,
  operationsStatusQuery,
  type PluginOperationsInput,
  type PluginOperationsResult,
} from './contract.ts';
import { isHistoryLong } from './history-length.ts';
import { type Batch, isUnfinished, readBatch } from './plugin-batches.ts';
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
import { Waits } from './plugin-waits.ts';
import { inPoolUntil } from './pool.ts';

/** Batches of operations that are asked about at the same time; between two attempts they cost nothing. */
const BATCHES_IN_FLIGHT = 50;
/**
 * A history of this size takes no more questions to plugins that answer though an operation runs. Only of a run from before
 * `short-histories`: later ones continue as new long before.
 */
const HISTORY_EVENTS_MAX = 30_000;
const HISTORY_BYTES_MAX = 30 * 1024 * 1024;

/**
 * Waits until all operations that plugins began for a run have ended; a child of the run. Each batch is asked about until all
 * of it has ended, until the plugin is there no more, or until the time is over; then what may still be at work is cancelled.
 * A plugin that was not there to be told that is not waited for again.
 * After that, what failed calls may have begun is cancelled. Continues as new when its history has become long; batches that
 * are being waited for are asked about anew then.
 */
export async function pluginOperations(
  input: PluginOperationsInput,
): Promise<PluginOperationsResult> {
  const activities = activitiesOf(input.cluster, input.patienceMs);
  const { handedOn } = input;
  const waited = handedOn?.waited ?? (await planned('waited', input, activities));
  const state = { completed: 0, failed: 0, left: [], ...handedOn, waited };
  const ended = isWaiting(state) ? await endBatches(input, state, activities) : state;
  if (isWaiting(ended)) {
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

function isWaiting({ waited, open = [] }: Ended): boolean {
  return isUnfinished(waited) || open.length > 0;
}

/** Waits for the batches that have not ended, or for as many as the history has room for. */
async function endBatches(
  input: PluginOperationsInput,
  { waited, open = [], ...before }: Ended,
  activities: Activities,
): Promise<Ended> {
  const { completed, failed } = before;
  const { planned, done } = waited;
  const status = { total: planned.operations, completed, failed, deadline: input.deadline };
  setHandler(operationsStatusQuery, () => status);
  setCurrentDetails(`Waiting for ${String(status.total)} operations until ${input.deadline}`);
  const shared = { away: awayOf(before.left), waits: new Waits() };
  const width = BATCHES_IN_FLIGHT;
  const due = [...open, ...numbers(done, planned.batches).map((batch) => ({ batch, pauseMs: 0 }))];
  const results = await inPoolUntil(due, { width, isFull: isHistoryLong }, async (one) => {
    const ended = await endOf(input, { planned, ...one, ...shared }, activities);
    status.completed += ended.completed;
    status.failed += ended.failed;
    return ended;
  });
  const unbegun = due.slice(results.length);
  const stillOpen = [
    ...results.flatMap((ended) => ended.open ?? []),
    ...unbegun.filter(({ batch }) => batch < done),
  ];
  return {
    ...{ ...before, completed: status.completed, failed: status.failed },
    waited: {
      planned,
      done: planned.batches - unbegun.filter(({ batch }) => batch >= done).length,
    },
    ...(stillOpen.length === 0 ? {} : { open: stillOpen }),
    left: joinLeft([...before.left, ...results.flatMap(({ left }) => left)]),
  };
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

interface WaitedBatch extends Batch, OpenBatch {
  /** Plugins that were not there, and what is said of each. */
  readonly away: Map<string, FailureReport>;
  readonly waits: Waits;
}

/** How a batch has ended, or that it is still open. */
interface EndedBatch extends EndedOperations {
  readonly open?: OpenBatch;
}

async function endOf(
  input: PluginOperationsInput,
  { away, waits, ...of }: WaitedBatch,
  activities: Activities,
): Promise<EndedBatch> {
  const { caller, call } = await readBatch(input, of, activities);
  const known = away.get(caller.plugin);
  const isKnownAway = known !== undefined && patched('waits-once');
  const { planned, batch } = of;
  const wait: Wait = { deadline: input.deadline, waits, pauseMs: of.pauseMs };
  const said = isKnownAway
    ? { failure: known }
    : await waits.until(() => statusWhenEnded(caller, call, wait));
  if (said === undefined) {
    const open = { batch, pauseMs: wait.pauseMs };
    return { ...{ completed: 0, failed: 0, left: [] }, open };
  }
  const { completed, failed, open } = await activities
    .short(`Store how batch ${String(batch + 1)} of operations ended`)
    .storePluginOperations({
      ...{ ...input.run, attempt: planned.attempt, batch, ...said },
      endedAt: recordTime(Date.now()),
    });
  waits.look();
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

interface Wait {
  readonly deadline: string;
  readonly waits: Waits;
  /** The last pause. */
  pauseMs: number;
}

async function statusWhenEnded(caller: Caller, call: OperationsCall, wait: Wait): Promise<Said> {
  const { deadline, waits } = wait;
  const leftMs = (): number => Date.parse(deadline) - Date.now();
  const summary = `Status of ${String(call.operations.length)} operations`;
  const ask = (): Promise<unknown> =>
    whenServed(() => statusOf(caller, leftMs())(summary).operationStatus(call));
  try {
    // Plugins should fail while something runs; of one that answers, the pause is kept here.
    for (let isFirst = true; leftMs() > 0; isFirst = false) {
      if (!isFirst) {
        wait.pauseMs = nextPause(wait.pauseMs);
        await sleep(Math.min(wait.pauseMs, leftMs()), { summary: `Before: ${summary}` });
      }
      const said = checked(caller, await ask());
      if (said.failure !== undefined || !saysRunning(said.answer)) {
        return said;
      }
      if (isFull()) {
        return { ...said, failure: answersTooOften(caller) };
      }
      waits.look();
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
    await sleep(leftMs, { summary: 'Until the deadline of the operations' });
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
