import { Failure } from '../../domain/failure.ts';
import { listSchedules } from '../../storage/schedule-files.ts';
import type { RunSources } from '../runs/live.ts';

/** Uses that are told; more of them say nothing more. */
const USES_MAX = 5;
const RUN_KINDS = ['backup', 'restore', 'delete'];

/** What uses a location: runs that are under way, and schedules that make backups in it. Throws what Temporal throws. */
export async function usesOf(
  { temporal, store }: RunSources,
  location: string,
): Promise<readonly string[]> {
  const ids = RUN_KINDS.map((kind) => `WorkflowId STARTS_WITH '${kind}/${location}/'`);
  const query = `ExecutionStatus = 'Running' AND (${ids.join(' OR ')})`;
  const uses = await temporal.call(async () => {
    const found: string[] = [];
    for await (const { workflowId } of temporal.client.workflow.list({ query })) {
      found.push(`the run ${workflowId}`);
      if (found.length === USES_MAX) {
        break;
      }
    }
    return found;
  });
  const schedules = await schedulesOf(() => listSchedules(store(location)));
  uses.push(...schedules.map((name) => `the schedule ${name}`));
  return uses.slice(0, USES_MAX);
}

/** None of a location that does not answer: it would have to be kept for ever. */
async function schedulesOf(list: () => Promise<string[]>): Promise<string[]> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof Failure) {
      return [];
    }
    throw error;
  }
}
