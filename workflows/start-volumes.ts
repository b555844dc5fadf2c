import {
  ChildWorkflowCancellationType,
  executeChild,
  ParentClosePolicy,
  workflowInfo,
} from '@temporalio/workflow';

import type { VolumeRun } from '../activities/volume-contract.ts';
import { volumesWorkflowId } from '../domain/workflow-id.ts';
import { BACKUP_VOLUMES_WORKFLOW, type VolumesInput } from './contract.ts';
import { inPool } from './pool.ts';

/** Batches of volumes of one run that are under way at the same time. */
const BATCHES_IN_FLIGHT = 4;

/** Batches of a run, by number, and what their children are told. */
export interface VolumeBatches extends Omit<VolumesInput, 'batch'> {
  readonly first: number;
  readonly count: number;
}

/** Has the data of a run's volumes moved by children of the run, batch by batch. */
export async function moveBatches(batches: VolumeBatches): Promise<void> {
  const { first, count, ...input } = batches;
  const numbers = Array.from({ length: count }, (_, index) => first + index);
  await inPool(numbers, BATCHES_IN_FLIGHT, (batch) => moveBatch(input.run, { ...input, batch }));
}

async function moveBatch(run: VolumeRun, input: VolumesInput): Promise<void> {
  await executeChild(BACKUP_VOLUMES_WORKFLOW, {
    workflowId: volumesWorkflowId(workflowInfo().workflowId, input.batch),
    args: [input],
    staticSummary: `Volumes of the ${run.kind.toLowerCase()} ${run.name}, batch ${String(input.batch + 1)}`,
    // A child that is cut off would leave pods behind that mount volumes.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
}
