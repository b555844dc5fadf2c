import {
  ChildWorkflowCancellationType,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  patched,
  workflowInfo,
} from '@temporalio/workflow';

import type { LeftRun, OpenResult, TakenOver } from '../activities/contract.ts';
import type { AskedShards, PluginRound } from '../activities/plugin-run-contract.ts';
import { DEFAULT_ITEM_OPERATION_TIMEOUT } from '../domain/backup.ts';
import { durationMs, recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import { partDetails } from '../domain/run-details.ts';
import type { KindReference, RunReference } from '../domain/run-reference.ts';
import { pluginsWorkflowId } from '../domain/workflow-id.ts';
import { activitiesOf } from './activity-profiles.ts';
import {
  type BackupInput,
  PLUGIN_CANCEL_WORKFLOW,
  PLUGIN_ITEMS_WORKFLOW,
  PLUGIN_OPERATIONS_WORKFLOW,
  type PluginCancelInput,
  type PluginCancelResult,
  type PluginItemsInput,
  type PluginItemsResult,
  type PluginOperationsInput,
  type PluginOperationsResult,
  type RestoreInput,
} from './contract.ts';
import { failureOf } from './failure.ts';
import { whomOf } from './plugin-cancel.ts';
import { reportOf, type RunTracker } from './run-tracker.ts';

/** What plugins were asked about a run, and until when their operations are waited for. */
export interface AnsweredPlugins extends PluginItemsResult {
  /** RFC 3339. */
  readonly deadline: string;
}

/** Whose plugins they are. */
export interface PluginsOf extends PluginCancelInput {
  readonly itemOperationTimeout?: string;
}

type ItemsWorkflow = (input: PluginItemsInput) => Promise<PluginItemsResult>;
type OperationsWorkflow = (input: PluginOperationsInput) => Promise<PluginOperationsResult>;
type CancelWorkflow = (input: PluginCancelInput) => Promise<PluginCancelResult>;

/** The plugins of a run. */
export function pluginsOf(
  kind: KindReference['kind'],
  { spec, patienceMs }: BackupInput | RestoreInput,
  run: RunReference,
): PluginsOf {
  const { cluster, itemOperationTimeout } = spec;
  const { location, name, runUid } = run;
  return {
    ...{ run: { kind, location, name, runUid }, cluster },
    ...(patienceMs === undefined ? {} : { patienceMs }),
    ...(itemOperationTimeout === undefined ? {} : { itemOperationTimeout }),
  };
}

/** Asks plugins about what a backup is about to take, or a restore is about to apply. */
export async function askPlugins(
  { itemOperationTimeout = DEFAULT_ITEM_OPERATION_TIMEOUT, ...of }: PluginsOf,
  tracker: RunTracker,
  { shards, away = [] }: { shards?: AskedShards; away?: readonly string[] } = {},
): Promise<AnsweredPlugins> {
  tracker.enter('plugins', 'InProgress', 'asking plugins about the items');
  const input = {
    ...of,
    ...(shards === undefined ? {} : { shards }),
    ...(away.length === 0 ? {} : { away }),
  };
  const part = shards === undefined ? 'items' : (`items-${String(shards.shards[0] ?? 0)}` as const);
  const words = `Plugins of the ${of.run.kind.toLowerCase()} ${of.run.name}`;
  const asked = await executeChild<ItemsWorkflow>(
    PLUGIN_ITEMS_WORKFLOW,
    childOf(part, input, words),
  );
  tracker.failed(asked.errors);
  return { ...asked, deadline: recordTime(Date.now() + (durationMs(itemOperationTimeout) ?? 0)) };
}

/** Operations that are waited for. */
export interface BegunOperations {
  readonly rounds: readonly PluginRound[];
  readonly operations: number;
  readonly deadline: string;
}

/** Waits for the operations that plugins began. */
export async function awaitOperations(
  of: PluginsOf,
  { rounds, deadline, operations }: BegunOperations,
  tracker: RunTracker,
): Promise<PluginOperationsResult> {
  tracker.enter(
    'operations',
    tracker.partly('WaitingForPluginOperations'),
    `waiting for ${String(operations)} operations of plugins until ${deadline}`,
  );
  const words = `Operations of plugins of the ${of.run.kind.toLowerCase()} ${of.run.name}`;
  const ended = await executeChild<OperationsWorkflow>(
    PLUGIN_OPERATIONS_WORKFLOW,
    childOf('operations', { ...of, rounds, deadline }, words),
  );
  tracker.failed(ended.failed);
  return ended;
}

/** Ends what plugins may have begun for a run that failed or was cancelled; says what could not be ended. */
export async function endPlugins(of: PluginsOf, tracker: RunTracker): Promise<PluginCancelResult> {
  if (!tracker.hasEntered('plugins')) {
    return { failures: [], operations: 0 };
  }
  tracker.enter('operations', 'Finalizing', 'ending what plugins have begun');
  try {
    const words = `End operations of plugins of the ${of.run.kind.toLowerCase()} ${of.run.name}`;
    return await executeChild<CancelWorkflow>(PLUGIN_CANCEL_WORKFLOW, {
      ...childOf('cancel', of, words),
      // It goes on though the run is terminated.
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
  } catch (error) {
    return { failures: [reportOf(error)], operations: 0, isUnknown: true };
  }
}

/** A run that takes a name over, and what plugins of the run before it could not be told. */
export interface TakeOver {
  readonly of: Pick<PluginsOf, 'run' | 'patienceMs'>;
  readonly left: FailureReport[];
}

/**
 * Opens a run. Where one of the same name was cut off, so that nobody has ended what its plugins had begun, they are told
 * before its files go. A plugin that cannot be told keeps nobody from the name.
 */
export async function openAfter(
  { of, left }: TakeOver,
  open: (taken: TakenOver) => Promise<OpenResult>,
): Promise<Exclude<OpenResult, LeftRun>> {
  let result = await open({});
  while (result.kind === 'left') {
    const { runUid, cluster } = result;
    const words = `End what plugins began for the ${of.run.kind.toLowerCase()} that was cut off`;
    const run = { ...of.run, runUid };
    try {
      left.push(...(await endedBy(childOf('left', { ...of, run, cluster }, words))).failures);
    } catch (error) {
      if (isCancellation(error)) {
        throw error;
      }
      // Its cluster may be gone.
      left.push(reportOf(error));
    }
    result = await open({ endedUid: runUid });
  }
  return result;
}

/**
 * Ends what plugins have begun for a run that is deleted, and may have been cut off, or could not tell them. Throws what they
 * cannot be told for; one that is registered no more is not told.
 */
export async function endLeft(input: PluginCancelInput): Promise<void> {
  const of: PluginCancelInput = { ...input, isRegisteredOnly: true };
  const { cluster, patienceMs, run } = of;
  const begun = await activitiesOf(cluster, patienceMs)
    .long('See what plugins were not told to end')
    .planPluginOperations({ ...run, scope: 'all', ...whomOf(of) });
  if (begun.operations > 0) {
    const words = `End what plugins began for the ${run.kind.toLowerCase()} ${run.name}`;
    const [failure] = (await endedBy(childOf('left', of, words))).failures;
    if (failure !== undefined) {
      throw failureOf(failure);
    }
  }
}

function endedBy(
  child: ReturnType<typeof childOf<PluginCancelInput>>,
): Promise<PluginCancelResult> {
  return executeChild<CancelWorkflow>(PLUGIN_CANCEL_WORKFLOW, child);
}

function childOf<Input extends PluginCancelInput>(
  part: Parameters<typeof pluginsWorkflowId>[1],
  input: Input,
  summary: string,
) {
  const { workflowId, runId } = workflowInfo();
  const runUid = patched('plugins-of-a-run') ? runId : undefined;
  return {
    workflowId: pluginsWorkflowId(workflowId, part, runUid),
    args: [input] as [Input],
    staticSummary: summary,
    staticDetails: partDetails(input.run, input.cluster),
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  };
}
