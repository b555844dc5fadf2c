import { isCancellation, setCurrentDetails, setHandler, sleep } from '@temporalio/workflow';

import type { PlannedOperations, PluginCall } from '../activities/plugin-run-contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { OperationsCall } from '../domain/plugins/contract.ts';
import { STATUS_BYTES_MAX } from '../domain/plugins/contract-v1.ts';
import { saysRunning } from '../domain/plugins/running.ts';
import { type Activities, activitiesOf } from './activity-profiles.ts';
import {
  operationsStatusQuery,
  type PluginCancelInput,
  type PluginCancelResult,
  type PluginOperationsInput,
  type PluginOperationsResult,
} from './contract.ts';
import {
  callFailure,
  type Caller,
  isDeadline,
  lastStatus,
  lastStatusOf,
  pluginOf,
  sizeFault,
  statusOf,
  whenServed,
} from './plugin-calls.ts';
import { failureOf } from './failure.ts';
import { inPool } from './pool.ts';
import { isQueuedTooLong } from './run-tracker.ts';

/** Batches of operations that are asked about at the same time; between two attempts they cost nothing. */
const BATCHES_IN_FLIGHT = 50;
/** Batches that are cancelled at the same time. */
const CANCELS_IN_FLIGHT = 4;
/** Pause before a plugin is asked again that answers though an operation runs. */
const ASK_AGAIN_MS = 30_000;
const ASK_AGAIN_MAX_MS = 600_000;

/**
 * Waits until all operations that plugins began for a run have ended; a child of the run. One state: each batch is
 * asked about until all of it has ended, until the plugin is there no more, or until the time is over; then what may still
 * be at work is cancelled.
 */
export async function pluginOperations(
  input: PluginOperationsInput,
): Promise<PluginOperationsResult> {
  const { run, rounds } = input;
  const activities = activitiesOf(input.cluster, input.patienceMs);
  const planned = await activities
    .long('Gather the operations of plugins')
    .planPluginOperations({ ...run, rounds, scope: 'waited' });
  const status = { total: planned.operations, completed: 0, failed: 0, deadline: input.deadline };
  setHandler(operationsStatusQuery, () => status);
  setCurrentDetails(`Waiting for ${String(planned.operations)} operations until ${input.deadline}`);
  const late = await inPool(batchesOf(planned), BATCHES_IN_FLIGHT, async (batch) => {
    const ended = await endOf(input, { planned, batch }, activities);
    status.completed += ended.completed;
    status.failed += ended.failed;
    return ended.notCancelled;
  });
  const voids = await activities
    .long('Gather what failed calls may have begun')
    .planPluginOperations({ ...run, rounds, scope: 'void' });
  const left = await cancelBatches(input, voids, activities);
  return {
    ...{ planned, completed: status.completed, failed: status.failed },
    notCancelled: [...late.flat(), ...left.map(({ failure }) => failure)],
  };
}

/**
 * Ends what plugins may have begun for a run that failed or was cancelled, and has them remove what they kept of a backup; a
 * child of the run. What was never answered counts as begun. What could not be ended is said, and kept with a backup, so that
 * its deletion tells the plugin.
 */
export async function cancelPluginOperations(
  input: PluginCancelInput,
): Promise<PluginCancelResult> {
  const { run, cluster } = input;
  const activities = activitiesOf(cluster, input.patienceMs);
  const planned = await activities
    .long('Gather what plugins may have begun')
    .planPluginOperations({ ...run, scope: 'all' });
  setCurrentDetails(`Cancelling ${String(planned.operations)} operations of plugins`);
  const left = await cancelBatches(input, planned, activities);
  if (left.length > 0 && run.kind !== 'Restore') {
    await activities.long('Keep what could not be cancelled').keepPluginOperations({
      ...{ ...run, attempt: planned.attempt, batches: left.map(({ batch }) => batch) },
      endedAt: recordTime(Date.now()),
    });
  }
  return {
    failures: left.map(({ failure }) => failure),
    operations: left.reduce((sum, { operations }) => sum + operations, 0),
  };
}

/** A batch whose plugin could not be told. */
interface LeftBatch {
  readonly batch: number;
  readonly operations: number;
  readonly failure: FailureReport;
}

/** Has plugins end operations and remove what these kept. A plugin that nobody serves is waited for once. */
async function cancelBatches(
  input: PluginCancelInput,
  planned: PlannedOperations,
  activities: Activities,
): Promise<readonly LeftBatch[]> {
  const away = new Map<string, unknown>();
  const left = await inPool(batchesOf(planned), CANCELS_IN_FLIGHT, async (batch) => {
    const { caller, call } = await read(input, { planned, batch }, activities);
    const failure = await cancelled(caller, call, away);
    return failure === undefined ? [] : [{ batch, operations: call.operations.length, failure }];
  });
  return left.flat();
}

/** Why operations could not be cancelled; undefined when they were. */
async function cancelled(
  caller: Caller,
  call: OperationsCall,
  away: Map<string, unknown> = new Map(),
): Promise<FailureReport | undefined> {
  try {
    if (away.has(caller.plugin)) {
      throw away.get(caller.plugin);
    }
    const plugin = pluginOf(caller);
    await plugin('Cancel operations').cancelOperation(call);
    if (call.run.kind !== 'Restore') {
      // One that was complete before the cancel came has something that nobody needs.
      await plugin('Remove what operations have kept').deleteBackup(call);
    }
    return undefined;
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    if (isQueuedTooLong(error)) {
      away.set(caller.plugin, error);
    }
    const { code, message, subject = '' } = callFailure(caller, error);
    const count = String(call.operations.length);
    return { code, message: `up to ${count} operations may go on: ${message}`, subject };
  }
}

/**
 * Has plugins remove what they keep of a backup that is deleted. Throws what a plugin fails with, or that it is not there:
 * then nothing more is deleted, and another request begins anew.
 */
export async function deleteFromPlugins(input: PluginCancelInput): Promise<void> {
  const { run, cluster } = input;
  const activities = activitiesOf(cluster, input.patienceMs);
  const planned = await activities.long('See which plugins keep something').planPluginDeletion(run);
  await inPool(batchesOf(planned), CANCELS_IN_FLIGHT, async (batch) => {
    const { caller, call } = await read(input, { planned, batch }, activities);
    try {
      await pluginOf(caller)(`Remove what ${caller.plugin} keeps`).deleteBackup(call);
    } catch (error) {
      throw isCancellation(error) ? error : failureOf(callFailure(caller, error));
    }
  });
}

interface Batch {
  readonly planned: PlannedOperations;
  readonly batch: number;
}

function batchesOf({ batches }: PlannedOperations): number[] {
  return Array.from({ length: batches }, (_, batch) => batch);
}

async function read(
  { run, cluster }: PluginCancelInput,
  { planned: { attempt }, batch }: Batch,
  activities: Activities,
): Promise<{ readonly caller: Caller; readonly call: OperationsCall }> {
  const { call, ...times }: PluginCall<OperationsCall> = await activities
    .short(`Read batch ${String(batch + 1)} of operations`)
    .readPluginOperations({ ...run, attempt, batch });
  return { caller: { ...times, cluster }, call };
}

async function endOf(input: PluginOperationsInput, of: Batch, activities: Activities) {
  const { caller, call } = await read(input, of, activities);
  const said = await statusWhenEnded(caller, call, input.deadline);
  const { planned, batch } = of;
  const { completed, failed, open } = await activities
    .short(`Store how batch ${String(batch + 1)} of operations ended`)
    .storePluginOperations({
      ...{ ...input.run, attempt: planned.attempt, batch, ...said },
      endedAt: recordTime(Date.now()),
    });
  const atWork = new Set(open);
  const operations = call.operations.filter(({ requestId }) => atWork.has(requestId));
  const failure =
    operations.length === 0 ? undefined : await cancelled(caller, { ...call, operations });
  return { completed, failed, notCancelled: failure === undefined ? [] : [failure] };
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
    let answer: unknown;
    // Plugins should fail while something runs; of one that answers, the pause is kept here.
    for (let pauseMs = 0; leftMs() > 0; pauseMs = nextPause(pauseMs)) {
      if (pauseMs > 0) {
        await sleep(Math.min(pauseMs, leftMs()));
      }
      answer = await ask();
      if (!saysRunning(answer)) {
        return checked(caller, answer);
      }
    }
    return await atDeadline(caller, call, deadline);
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    return isDeadline(error)
      ? atDeadline(caller, call, deadline)
      : { answer: lastStatus(error), failure: callFailure(caller, error) };
  }
}

/** Twice as long each time, up to ten minutes. */
function nextPause(pauseMs: number): number {
  return Math.min(Math.max(2 * pauseMs, ASK_AGAIN_MS), ASK_AGAIN_MAX_MS);
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
    return saysRunning(answer) ? { answer, failure } : checked(caller, answer);
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    return { answer: lastStatus(error), failure };
  }
}

function checked(caller: Caller, answer: unknown): Said {
  const failure = sizeFault(caller, answer, STATUS_BYTES_MAX);
  return failure === undefined ? { answer } : { failure };
}

function timedOut({ plugin }: Caller, deadline: string): FailureReport {
  const message = `the plugin ${plugin} had not ended the operation by ${deadline}, when itemOperationTimeout was over`;
  return { code: 'operation-timed-out', message, subject: `plugin ${plugin}` };
}
