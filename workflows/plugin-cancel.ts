import { continueAsNew, isCancellation, patched, setCurrentDetails } from '@temporalio/workflow';

import type { PlanOperationsInput } from '../activities/plugin-run-contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { OperationsCall } from '../domain/plugins/contract.ts';
import { joinLeft, type LeftOperations, leftReports } from '../domain/plugins/left-operations.ts';
import { type Activities, activitiesOf } from './activity-profiles.ts';
import type {
  BatchesDone,
  PluginCancelInput,
  PluginCancelOperationsInput,
  PluginCancelResult,
} from './contract.ts';
import { failureOf } from './failure.ts';
import { isUnfinished, readBatch, throughBatches } from './plugin-batches.ts';
import { callFailure, type Caller, pluginOf } from './plugin-calls.ts';

/** Batches that are cancelled at the same time. */
const CANCELS_IN_FLIGHT = 4;

/**
 * Ends what plugins may have begun for a run that failed or was cancelled, and has them remove what they kept of a backup; a
 * child of the run. What was never answered counts as begun. What could not be ended is said, and kept with a backup, so that
 * its deletion tells the plugin. Continues as new when its history has become long.
 */
export async function cancelPluginOperations(
  input: PluginCancelOperationsInput,
): Promise<PluginCancelResult> {
  const { run, cluster, handedOn } = input;
  const activities = activitiesOf(cluster, input.patienceMs);
  const planned =
    handedOn?.planned ??
    (await activities
      .long('Gather what plugins may have begun')
      .planPluginOperations({ ...run, scope: 'all', ...whomOf(input) }));
  setCurrentDetails(`Cancelling ${String(planned.operations)} operations of plugins`);
  const told = await cancelBatches(input, handedOn ?? { planned, done: 0, left: [] }, activities);
  if (isUnfinished(told)) {
    return continueAsNew<typeof cancelPluginOperations>({ ...input, handedOn: told });
  }
  const { left } = told;
  if (left.length > 0 && run.kind !== 'Restore') {
    const batches = left.flatMap((one) => one.batches);
    await activities.long('Keep what could not be cancelled').keepPluginOperations({
      ...{ ...run, attempt: planned.attempt, batches },
      endedAt: recordTime(Date.now()),
    });
  }
  return {
    failures: leftReports(left),
    operations: left.reduce((sum, { operations }) => sum + operations, 0),
  };
}

/** Which plugins are told, as an activity is asked for them. */
export function whomOf({
  isRegisteredOnly,
}: PluginCancelInput): Pick<PlanOperationsInput, 'isRegisteredOnly'> {
  return isRegisteredOnly === undefined ? {} : { isRegisteredOnly };
}

/** Batches whose plugins were told to end their operations. */
export interface ToldBatches extends BatchesDone {
  readonly left: readonly LeftOperations[];
}

/** Has plugins end operations and remove what these kept. A plugin that nobody serves is waited for once. */
export async function cancelBatches(
  input: PluginCancelInput,
  { left, ...of }: ToldBatches,
  activities: Activities,
): Promise<ToldBatches> {
  const away = awayOf(left);
  const { results, ...told } = await throughBatches(of, CANCELS_IN_FLIGHT, async (batch) => {
    const { caller, call } = await readBatch(input, batch, activities);
    const { plugin } = caller;
    const failure = away.get(plugin) ?? (await cancelled(caller, call));
    if (failure === undefined) {
      return [];
    }
    if (isAway(failure)) {
      away.set(plugin, failure);
    }
    return [{ plugin, batches: [batch.batch], operations: call.operations.length, failure }];
  });
  return { ...told, left: joinLeft([...left, ...results.flat()]) };
}

/** The plugins that were not there when they were to be told, and what is said of each. */
export function awayOf(left: readonly LeftOperations[]): Map<string, FailureReport> {
  return new Map(
    left.flatMap(({ plugin, failure }) => (isAway(failure) ? [[plugin, failure] as const] : [])),
  );
}

export function isAway({ code }: FailureReport): boolean {
  return code === 'plugin-not-served';
}

/** Why operations could not be cancelled, or what they kept not be removed; undefined when both was done. */
export async function cancelled(
  caller: Caller,
  call: OperationsCall,
): Promise<FailureReport | undefined> {
  const plugin = pluginOf(caller);
  const failure = await failureOfCall(caller, () =>
    plugin('Cancel operations').cancelOperation(call),
  );
  const goesOn = failure === undefined || (!isAway(failure) && patched('removes-uncancelled'));
  if (!goesOn || call.run.kind === 'Restore') {
    return failure;
  }
  // One that was complete before the cancel came has something that nobody needs.
  const left = await failureOfCall(caller, () =>
    plugin('Remove what operations have kept').deleteBackup(call),
  );
  return failure ?? left;
}

async function failureOfCall(
  caller: Caller,
  call: () => Promise<unknown>,
): Promise<FailureReport | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    return callFailure(caller, error);
  }
}

/**
 * Has plugins remove what they keep of a backup that is deleted. Throws what a plugin fails with, or that it is not there:
 * then nothing more is deleted, and another request begins anew. Gives how far it is when the history has become long, and
 * nothing when all were told.
 */
export async function deleteFromPlugins(
  input: PluginCancelInput,
  handedOn: BatchesDone | undefined,
): Promise<BatchesDone | undefined> {
  const { run, cluster } = input;
  const activities = activitiesOf(cluster, input.patienceMs);
  const planned =
    handedOn?.planned ??
    (await activities.long('See which plugins keep something').planPluginDeletion(run));
  const of = handedOn ?? { planned, done: 0 };
  const { done } = await throughBatches(of, CANCELS_IN_FLIGHT, async (batch) => {
    const { caller, call } = await readBatch(input, batch, activities);
    try {
      await pluginOf(caller)(`Remove what ${caller.plugin} keeps`).deleteBackup(call);
    } catch (error) {
      throw isCancellation(error) ? error : failureOf(callFailure(caller, error));
    }
  });
  return isUnfinished({ planned, done }) ? { planned, done } : undefined;
}
