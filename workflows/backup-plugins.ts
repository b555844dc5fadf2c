import {
  ChildWorkflowCancellationType,
  executeChild,
  ParentClosePolicy,
  workflowInfo,
} from '@temporalio/workflow';

import type { BackupRun } from '../activities/contract.ts';
import { DEFAULT_ITEM_OPERATION_TIMEOUT } from '../domain/backup.ts';
import { durationMs, recordTime } from '../domain/duration.ts';
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
} from './contract.ts';
import type { Steps } from './backup-archive.ts';

/** What plugins were asked about a backup, and until when their operations are waited for. */
export interface AnsweredPlugins extends PluginItemsResult {
  /** RFC 3339. */
  readonly deadline: string;
}

type ItemsWorkflow = (input: PluginItemsInput) => Promise<PluginItemsResult>;
type OperationsWorkflow = (input: PluginOperationsInput) => Promise<PluginOperationsResult>;
type CancelWorkflow = (input: PluginCancelInput) => Promise<PluginCancelResult>;

/** Asks plugins about what the backup is about to take. */
export async function askPlugins(
  input: BackupInput,
  run: BackupRun,
  { tracker }: Steps,
): Promise<AnsweredPlugins> {
  tracker.enter('plugins', 'InProgress', 'asking plugins about the items');
  const asked = await executeChild<ItemsWorkflow>(
    PLUGIN_ITEMS_WORKFLOW,
    childOf('items', inputOf(input, run), `Plugins of the backup ${run.name}`),
  );
  const timeoutMs = durationMs(input.spec.itemOperationTimeout ?? DEFAULT_ITEM_OPERATION_TIMEOUT);
  return { ...asked, deadline: recordTime(Date.now() + (timeoutMs ?? 0)) };
}

/** Waits for the operations that plugins began. */
export async function awaitOperations(
  input: BackupInput,
  { run, asked }: { readonly run: BackupRun; readonly asked: AnsweredPlugins },
  { tracker }: Steps,
): Promise<PluginOperationsResult> {
  const { rounds, deadline, operations, errors } = asked;
  tracker.enter(
    'operations',
    errors > 0 ? 'WaitingForPluginOperationsPartiallyFailed' : 'WaitingForPluginOperations',
    `waiting for ${String(operations)} operations of plugins until ${deadline}`,
  );
  return executeChild<OperationsWorkflow>(
    PLUGIN_OPERATIONS_WORKFLOW,
    childOf(
      'operations',
      { ...inputOf(input, run), rounds, deadline },
      `Operations of plugins of the backup ${run.name}`,
    ),
  );
}

/** Ends what plugins may have begun for a backup that failed or was cancelled; says what could not be ended. */
export async function cancelOperations(
  input: BackupInput,
  run: BackupRun,
): Promise<PluginCancelResult> {
  const words = `End operations of plugins of the backup ${run.name}`;
  return executeChild<CancelWorkflow>(PLUGIN_CANCEL_WORKFLOW, {
    ...childOf('cancel', inputOf(input, run), words),
    // It goes on though the backup is terminated.
    parentClosePolicy: ParentClosePolicy.ABANDON,
  });
}

function inputOf({ spec, patienceMs }: BackupInput, run: BackupRun): PluginCancelInput {
  const { cluster } = spec;
  return { run, cluster, ...(patienceMs === undefined ? {} : { patienceMs }) };
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
