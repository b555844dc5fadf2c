import protocol from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';

import { isAnyAlive } from '../domain/pollers.ts';

const { TASK_QUEUE_TYPE_ACTIVITY } = protocol.temporal.api.enums.v1.TaskQueueType;

/** Whether a worker has asked for activities of a task queue lately. */
export async function isServed(
  { connection, namespace }: { readonly connection: NativeConnection; readonly namespace: string },
  taskQueue: string,
): Promise<boolean> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
  });
  return isAnyAlive(pollers, Date.now());
}
