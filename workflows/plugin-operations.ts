import { isCancellation, log, setCurrentDetails, setHandler, sleep } from '@temporalio/workflow';

import type { PlannedOperations, PluginCall } from '../activities/plugin-run-contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { OperationsCall } from '../domain/plugins/contract.ts';
import { saysRunning } from '../domain/plugins/running.ts';
import { type Activities, activitiesOf } from './activity-profiles.ts';
import {
  operationsStatusQuery,
  type PluginCancelInput,
  type PluginOperationsInput,
  type PluginOperationsResult,
} from './contract.ts';
import {
  callFailure,
  type Caller,
  isDeadline,
  lastStatus,
  pluginOf,
  statusOf,
} from './plugin-calls.ts';
import { failureOf } from './failure.ts';
import { inPool } from './pool.ts';

/** Batches of operations that are asked about at the same time; between two attempts they cost nothing. */
const BATCHES_IN_FLIGHT = 50;
/** Batches that are cancelled at the same time. */
const CANCELS_IN_FLIGHT = 4;
/** Pause before a plugin is asked again that answers though an operation runs. */
const ASK_AGAIN_MS = 30_000;

/**
 * Waits until all operations that plugins began for a backup have ended; a child of the backup. One state: each batch is
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
    .planPluginOperations({ ...run, rounds });
  const status = { total: planned.operations, completed: 0, failed: 0, deadline: input.deadline };
  setHandler(operationsStatusQuery, () => status);
  setCurrentDetails(`Waiting for ${String(planned.operations)} operations until ${input.deadline}`);
  await inPool(batchesOf(planned), BATCHES_IN_FLIGHT, async (batch) => {
    const ended = await endOf(input, { planned, batch }, activities);
    status.completed += ended.completed;
    status.failed += ended.failed;
  });
  return { planned, completed: status.completed, failed: status.failed };
}

/**
 * Ends what plugins may have begun for a backup that failed or was cancelled, and has them remove what they kept; a child
 * of the backup. What was never answered counts as begun. Says what could not be ended.
 */
export async function cancelPluginOperations(
  input: PluginCancelInput,
): Promise<readonly FailureReport[]> {
  const { run, cluster } = input;
  const activities = activitiesOf(cluster, input.patienceMs);
  const planned = await activities
    .long('Gather what plugins may have begun')
    .planPluginOperations(run);
  setCurrentDetails(`Cancelling ${String(planned.operations)} operations of plugins`);
  const failures = await inPool(batchesOf(planned), CANCELS_IN_FLIGHT, async (batch) => {
    const { caller, call } = await read(input, { planned, batch }, activities);
    const plugin = pluginOf(caller);
    try {
      await plugin('Cancel operations').cancelOperation(call);
      // One that was complete before the cancel came has something that nobody needs.
      await plugin('Remove what operations have kept').deleteBackup(call);
      return [];
    } catch (error) {
      return [notCancelled(caller, call, error)];
    }
  });
  return failures.flat();
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
  const stored = await activities
    .short(`Store how batch ${String(batch + 1)} of operations ended`)
    .storePluginOperations({
      ...{ ...input.run, attempt: planned.attempt, batch, ...said },
      endedAt: recordTime(Date.now()),
    });
  if (stored.isCancelNeeded) {
    await tryCancel(caller, call);
  }
  return stored;
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
  const ask = async (): Promise<unknown> =>
    statusOf(
      caller,
      leftMs(),
    )(`Status of ${String(call.operations.length)} operations`).operationStatus(call);
  try {
    let answer = await ask();
    // Plugins should fail while something runs; of one that answers, the pause is kept here.
    while (saysRunning(answer) && leftMs() > 0) {
      await sleep(Math.min(ASK_AGAIN_MS, leftMs()));
      answer = await ask();
    }
    return saysRunning(answer) ? { answer, failure: timedOut(caller, deadline) } : { answer };
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    const failure = isDeadline(error) ? timedOut(caller, deadline) : callFailure(caller, error);
    return { answer: lastStatus(error), failure };
  }
}

function timedOut({ plugin }: Caller, deadline: string): FailureReport {
  const message = `the plugin ${plugin} had not ended the operation by ${deadline}, when itemOperationTimeout was over`;
  return { code: 'operation-timed-out', message, subject: `plugin ${plugin}` };
}

/** What is waited for no more should not go on; a plugin that is not there cannot be told. */
async function tryCancel(caller: Caller, call: OperationsCall): Promise<void> {
  try {
    await pluginOf(caller)('Cancel operations').cancelOperation(call);
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    log.warn('operations of a plugin could not be cancelled', { plugin: caller.plugin });
  }
}

function notCancelled(caller: Caller, call: OperationsCall, error: unknown): FailureReport {
  const { code, message, subject = '' } = callFailure(caller, error);
  const count = String(call.operations.length);
  return { code, message: `up to ${count} operations may go on: ${message}`, subject };
}
