import { setTimeout as sleep } from 'node:timers/promises';

import {
  Client,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';

import { expiryId, WORKFLOW_TASK_QUEUE } from '../domain/workflow-id.ts';
import { EXPIRE_BACKUPS_WORKFLOW, type ExpireBackupsInput } from '../workflows/contract.ts';
import type { WorkerConfig } from './config.ts';
import { writeLog } from './log.ts';

const RETRY_MS = 10_000;

interface Connected {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/**
 * Sees to it that Temporal has the schedule by which backups of the worker's cluster are deleted that have had their time.
 * Tried until it is there: a server that is away for a while must not keep backups for ever.
 */
export async function keepExpiring(
  config: Pick<WorkerConfig, 'cluster' | 'expiryMs'>,
  connected: Connected,
  signal: AbortSignal,
): Promise<void> {
  const { schedule } = new Client(connected);
  const scheduleId = expiryId(config.cluster);
  const options = expirySchedule(config);
  while (!signal.aborted) {
    try {
      await schedule.create({ ...options, scheduleId });
      return;
    } catch (error) {
      if (error instanceof ScheduleAlreadyRunning) {
        await schedule
          .getHandle(scheduleId)
          .update(({ state }) => ({ ...options, state }))
          .catch(warn);
        return;
      }
      warn(error);
    }
    await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }

  function warn(error: unknown): void {
    const name = error instanceof Error ? error.name : 'unknown';
    writeLog('warn', 'the schedule that deletes expired backups is not there', { name });
  }
}

function expirySchedule({
  cluster,
  expiryMs,
}: Pick<WorkerConfig, 'cluster' | 'expiryMs'>): Omit<ScheduleOptions, 'scheduleId'> {
  const input: ExpireBackupsInput = { cluster };
  return {
    spec: { intervals: [{ every: expiryMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: EXPIRE_BACKUPS_WORKFLOW,
      workflowId: expiryId(cluster),
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [input],
      staticSummary: `Delete backups of cluster ${cluster} that have had their time`,
      staticDetails:
        'Looks through all locations again and again; each deletion is a workflow of its own',
    },
    // One that was missed is made up for by the next.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: expiryMs },
  };
}
