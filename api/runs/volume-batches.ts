import type { WorkflowExecutionDescription } from '@temporalio/client';

import { volumesWorkflowIdPrefix } from '../../domain/workflow-id.ts';
import { volumesStatusQuery } from '../../workflows/contract.ts';
import type { TemporalRuns } from './temporal.ts';
import type { VolumesBatch } from './volume-status.ts';

/** Batches that are asked; a run has fewer under way. */
const BATCHES_MAX = 8;
/** How long a batch is waited for when it is asked where it is, in milliseconds. */
const ASK_TIMEOUT_MS = 1000;

/**
 * The batches of volumes of a run that are under way, as they are now; undefined when one of them does not answer.
 * Costs no history.
 */
export async function volumeBatches(
  temporal: TemporalRuns,
  run: Pick<WorkflowExecutionDescription, 'workflowId' | 'raw'>,
): Promise<readonly VolumesBatch[] | undefined> {
  const prefix = volumesWorkflowIdPrefix(run.workflowId);
  const ids = (run.raw.pendingChildren ?? [])
    .map(({ workflowId }) => workflowId ?? '')
    .filter((id) => id.startsWith(prefix));
  try {
    return await Promise.all(ids.slice(0, BATCHES_MAX).map((id) => askBatch(temporal, id)));
  } catch {
    // What is known without the volumes has to do.
    return undefined;
  }
}

async function askBatch(temporal: TemporalRuns, workflowId: string): Promise<VolumesBatch> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  const [volumes, described] = await Promise.all([
    temporal.call(() => handle.query(volumesStatusQuery), ASK_TIMEOUT_MS),
    temporal.call(() => handle.describe(), ASK_TIMEOUT_MS),
  ]);
  if (described.status.name !== 'RUNNING') {
    throw new Error('the batch has ended, and the run may have counted it already');
  }
  return { volumes, pending: described.raw.pendingActivities ?? [] };
}
