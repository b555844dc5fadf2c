import {
  ChildWorkflowCancellationType,
  executeChild,
  ParentClosePolicy,
  workflowInfo,
} from '@temporalio/workflow';

import type { VolumeRun } from '../activities/volume-contract.ts';
import { partDetails } from '../domain/run-details.ts';
import type { MovedVolumes } from '../domain/run-status.ts';
import { volumesWorkflowId } from '../domain/workflow-id.ts';
import {
  BACKUP_VOLUMES_WORKFLOW,
  RESTORE_VOLUMES_WORKFLOW,
  type VolumesInput,
} from './contract.ts';
import { inPool } from './pool.ts';

/** Batches of volumes of one run that are under way at the same time. */
const BATCHES_IN_FLIGHT = 4;
const WORKFLOWS = { Backup: BACKUP_VOLUMES_WORKFLOW, Restore: RESTORE_VOLUMES_WORKFLOW } as const;

/** Batches of a run, by number, and what their children are told. */
export interface VolumeBatches extends Omit<VolumesInput, 'batch'> {
  readonly first: number;
  readonly count: number;
}

/** Told what a batch has moved when it has ended; the first of the batches has the number 0. */
type BatchEnded = (batch: number, moved: MovedVolumes) => void;

/** Has the data of a run's volumes moved by children of the run, batch by batch. */
export async function moveBatches(batches: VolumeBatches, onEnded?: BatchEnded): Promise<void> {
  const { first, count, ...input } = batches;
  const numbers = Array.from({ length: count }, (_, index) => index);
  await inPool(numbers, BATCHES_IN_FLIGHT, async (number) => {
    const moved = await moveBatch(input.run, { ...input, batch: first + number });
    onEnded?.(number, moved ?? { volumes: 0, files: 0, bytes: 0 });
  });
}

/** Undefined is what a child of an earlier release answers. */
type VolumesWorkflow = (input: VolumesInput) => Promise<MovedVolumes | undefined>;

async function moveBatch(run: VolumeRun, input: VolumesInput): Promise<MovedVolumes | undefined> {
  return executeChild<VolumesWorkflow>(WORKFLOWS[run.kind], {
    workflowId: volumesWorkflowId(workflowInfo().workflowId, input.batch),
    args: [input],
    staticSummary: `Volumes of the ${run.kind.toLowerCase()} ${run.name}, batch ${String(input.batch + 1)}`,
    staticDetails: partDetails(run, input.cluster),
    // A child that is cut off would leave pods behind that mount volumes.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
}
