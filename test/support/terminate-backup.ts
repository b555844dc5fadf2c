import { Client, Connection } from '@temporalio/client';

import { volumesWorkflowId } from '../../domain/workflow-id.ts';
import type { Installation } from './installation.ts';

/** Terminates the workflow of a backup, and before it that of its only batch of volumes, if that is wanted. */
export async function terminateBackup(
  installation: Installation,
  name: string,
  { isWithVolumes = false } = {},
): Promise<void> {
  const run = (await installation.look('backups', name))?.status.temporal?.workflowId ?? '';
  const connection = await Connection.connect({ address: installation.temporalAddress });
  const { workflow } = new Client({ connection });
  for (const id of isWithVolumes ? [volumesWorkflowId(run, 0), run] : [run]) {
    await workflow.getHandle(id).terminate('by the test');
  }
  await connection.close();
}
