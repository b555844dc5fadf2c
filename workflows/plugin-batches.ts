import type { PlannedOperations, PluginCall } from '../activities/plugin-run-contract.ts';
import type { OperationsCall } from '../domain/plugins/contract.ts';
import type { Activities } from './activity-profiles.ts';
import type { BatchesDone, PluginCancelInput } from './contract.ts';
import { isHistoryLong } from './history-length.ts';
import type { Caller } from './plugin-calls.ts';
import { inPoolUntil } from './pool.ts';

/** A batch of operations of one plugin. */
export interface Batch {
  readonly planned: PlannedOperations;
  readonly batch: number;
}

/** Does something with the batches that are left, until the history of the workflow has become long. */
export async function throughBatches<Result>(
  { planned, done }: BatchesDone,
  width: number,
  run: (of: Batch) => Promise<Result>,
): Promise<BatchesDone & { readonly results: readonly Result[] }> {
  const left = Array.from({ length: planned.batches - done }, (_, index) => done + index);
  const results = await inPoolUntil(left, { width, isFull: isHistoryLong }, (batch) =>
    run({ planned, batch }),
  );
  return { planned, done: done + results.length, results };
}

/** Whether batches are left, so that the workflow has to continue as new. */
export function isUnfinished({ planned, done }: BatchesDone): boolean {
  return done < planned.batches;
}

/** What a plugin is asked, or told, of a batch. */
export async function readBatch(
  { run, cluster }: PluginCancelInput,
  { planned: { attempt }, batch }: Batch,
  activities: Activities,
): Promise<{ readonly caller: Caller; readonly call: OperationsCall }> {
  const { call, ...times }: PluginCall<OperationsCall> = await activities
    .short(`Read batch ${String(batch + 1)} of operations`)
    .readPluginOperations({ ...run, attempt, batch });
  return { caller: { ...times, cluster }, call };
}
