import { Client, Connection } from '@temporalio/client';

import type { Installation } from './installation.ts';

/** Events of the histories of some workflows, by their ids; all runs of a workflow count together. */
export async function historyEvents(
  { temporalAddress }: Installation,
  workflowIds: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const { workflow } = new Client({ connection });
    const counted = workflowIds.map(async (id) => {
      let events = 0;
      for await (const { runId } of workflow.list({ query: `WorkflowId = "${id}"` })) {
        const history = await workflow.getHandle(id, runId).fetchHistory();
        events += history.events?.length ?? 0;
      }
      return [id, events] as const;
    });
    return Object.fromEntries(await Promise.all(counted));
  } finally {
    await connection.close();
  }
}
