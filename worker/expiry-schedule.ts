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
/** How often it is looked whether the schedule is still there, at least. */
const LOOK_MS_MAX = 10 * 60_000;

interface Connected {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/**
 * Sees to it that Temporal has the schedule by which backups of the worker's cluster are deleted that have had their time,
 * as long as the worker lives: a server that is away for a while, or comes back without its data, must not keep backups for
 * ever.
 */
export async function keepExpiring(
  config: Pick<WorkerConfig, 'cluster' | 'expiryMs'>,
  connected: Connected,
  signal: AbortSignal,
): Promise<void> {
  const { schedule } = new Client(connected);
  const scheduleId = expiryId(config.cluster);
  const options = expirySchedule(config);
  const lookMs = Math.min(config.expiryMs, LOOK_MS_MAX);
  // An earlier worker may have made it with another interval.
  let isOurs = false;
  while (!signal.aborted) {
    try {
      await ensure();
      isOurs = true;
    } catch (error) {
      isOurs = false;
      const name = error instanceof Error ? error.name : 'unknown';
      writeLog('warn', 'the schedule that deletes expired backups is not there', { name });
    }
    const pauseMs = isOurs ? lookMs : RETRY_MS;
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
  }

  async function ensure(): Promise<void> {
    try {
      await schedule.create({ ...options, scheduleId });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) {
        throw error;
      }
      if (!isOurs) {
        await schedule.getHandle(scheduleId).update(({ state }) => ({ ...options, state }));
      }
    }
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
