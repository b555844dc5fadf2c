import type { WorkflowExecutionDescription } from '@temporalio/client';

import type { RunOperation, RunOperations } from '../../domain/api-resource.ts';
import { statusesOf } from '../../domain/plugins/operation.ts';
import { isOperationsWorkflowId, pluginsPrefix } from '../../domain/workflow-id.ts';
import { operationsStatusQuery } from '../../workflows/contract.ts';
import { lastDetail, type PendingActivity } from './pending-activity.ts';
import type { TemporalRuns } from './temporal.ts';

/** Operations that are told one by one; the rest is in the numbers. */
const RUNNING_MAX = 100;
/** Children that are asked. */
const CHILDREN_MAX = 5;
/** How long the child that waits is waited for itself, in milliseconds. */
const ASK_TIMEOUT_MS = 1000;

/**
 * The operations of plugins that a run waits for now; undefined when it does not, or when nobody answers. Their progress is
 * what plugins said last, which Temporal keeps beside the call that is made again. Costs no history.
 */
export async function runOperations(
  temporal: TemporalRuns,
  run: Pick<WorkflowExecutionDescription, 'workflowId' | 'raw'>,
): Promise<RunOperations | undefined> {
  const id = childIds(run).find((one) => isOperationsWorkflowId(run.workflowId, one));
  if (id === undefined) {
    return undefined;
  }
  try {
    const handle = temporal.client.workflow.getHandle(id);
    const [status, { raw }] = await Promise.all([
      temporal.call(() => handle.query(operationsStatusQuery), ASK_TIMEOUT_MS),
      temporal.call(() => handle.describe(), ASK_TIMEOUT_MS),
    ]);
    return {
      ...status,
      running: (raw.pendingActivities ?? []).flatMap(running).slice(0, RUNNING_MAX),
    };
  } catch {
    // What is known without it has to do.
    return undefined;
  }
}

/**
 * What is under way in the children of a run that ask plugins about items, or tell them that a run is over. The child that
 * waits for operations is not among them: what it waits for is told as operations.
 */
export async function pluginCalls(
  temporal: TemporalRuns,
  run: Pick<WorkflowExecutionDescription, 'workflowId' | 'raw'>,
): Promise<readonly PendingActivity[]> {
  const { workflowId } = run;
  const ids = childIds(run)
    .filter((id) => id.startsWith(pluginsPrefix(workflowId)))
    .filter((id) => !isOperationsWorkflowId(workflowId, id))
    .slice(0, CHILDREN_MAX);
  const described = ids.map(async (id) => {
    try {
      const { raw } = await temporal.call(
        () => temporal.client.workflow.getHandle(id).describe(),
        ASK_TIMEOUT_MS,
      );
      return raw.pendingActivities ?? [];
    } catch {
      return [];
    }
  });
  return (await Promise.all(described)).flat();
}

function childIds({ raw }: Pick<WorkflowExecutionDescription, 'raw'>): string[] {
  return (raw.pendingChildren ?? []).map(({ workflowId }) => workflowId ?? '');
}

function running(activity: PendingActivity): RunOperation[] {
  return statusesOf(lastDetail(activity))
    .filter(({ phase }) => phase === 'Running')
    .map(({ requestId, progress }) => ({ requestId, ...progress }));
}
