import { Client, Connection } from '@temporalio/client';

import type { Installation } from './installation.ts';

/** Events of the histories of some workflows, by their ids; all runs of a workflow count together. */
export async function historyEvents(
  installation: Installation,
  workflowIds: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const counted = workflowIds.map(async (id) => {
    const runs = await historyRuns(installation, id);
    return [id, runs.reduce((sum, events) => sum + events, 0)] as const;
  });
  return Object.fromEntries(await Promise.all(counted));
}

/** Events of the history of each run of a workflow. */
export async function historyRuns(
  { temporalAddress }: Installation,
  workflowId: string,
): Promise<readonly number[]> {
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const { workflow } = new Client({ connection });
    const runs: number[] = [];
    for await (const { runId } of workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
      const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
      runs.push(events?.length ?? 0);
    }
    return runs;
  } finally {
    await connection.close();
  }
}
