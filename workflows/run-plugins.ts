import {
  ChildWorkflowCancellationType,
  executeChild,
  ParentClosePolicy,
  workflowInfo,
} from '@temporalio/workflow';

import type { AskedShards, PluginRound } from '../activities/plugin-run-contract.ts';
import { DEFAULT_ITEM_OPERATION_TIMEOUT } from '../domain/backup.ts';
import { durationMs, recordTime } from '../domain/duration.ts';
import type { KindReference, RunReference } from '../domain/run-reference.ts';
import { pluginsWorkflowId } from '../domain/workflow-id.ts';
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
  shards?: AskedShards,
): Promise<AnsweredPlugins> {
  tracker.enter('plugins', 'InProgress', 'asking plugins about the items');
  const input = { ...of, ...(shards === undefined ? {} : { shards }) };
  const part = shards === undefined ? 'items' : (`items-${String(shards.shards[0] ?? 0)}` as const);
  const words = `Plugins of the ${of.run.kind.toLowerCase()} ${of.run.name}`;
  const asked = await executeChild<ItemsWorkflow>(
    PLUGIN_ITEMS_WORKFLOW,
    childOf(part, input, words),
  );
  return { ...asked, deadline: recordTime(Date.now() + (durationMs(itemOperationTimeout) ?? 0)) };
}

/** Operations that are waited for. */
export interface BegunOperations {
  readonly rounds: readonly PluginRound[];
  readonly operations: number;
  readonly errors: number;
  readonly deadline: string;
}

/** Waits for the operations that plugins began. */
export async function awaitOperations(
  of: PluginsOf,
  { rounds, deadline, operations, errors }: BegunOperations,
  tracker: RunTracker,
): Promise<PluginOperationsResult> {
  tracker.enter(
    'operations',
    errors > 0 ? 'WaitingForPluginOperationsPartiallyFailed' : 'WaitingForPluginOperations',
    `waiting for ${String(operations)} operations of plugins until ${deadline}`,
  );
  const words = `Operations of plugins of the ${of.run.kind.toLowerCase()} ${of.run.name}`;
  return executeChild<OperationsWorkflow>(
    PLUGIN_OPERATIONS_WORKFLOW,
    childOf('operations', { ...of, rounds, deadline }, words),
  );
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
    return { failures: [reportOf(error)], operations: 0 };
  }
}

function childOf<Input>(
  part: Parameters<typeof pluginsWorkflowId>[1],
  input: Input,
  summary: string,
) {
  return {
    workflowId: pluginsWorkflowId(workflowInfo().workflowId, part),
    args: [input] as [Input],
    staticSummary: summary,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  };
}
