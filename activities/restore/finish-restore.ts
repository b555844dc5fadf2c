import { Failure } from '../../domain/failure.ts';
import { LEFT_OUT_REASONS, type LeftOut } from '../../domain/restore-plan.ts';
import { restoreResult } from '../../domain/restore-result.ts';
import type { RestoreResult } from '../../domain/restore.ts';
import { commitRestore } from '../../storage/format/record.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { FinishRestoreInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { OutcomeFiles } from './outcome-files.ts';
import { encodeRestoreList, gatherReport } from './restore-report.ts';
import { readRestoreClaim, readRestorePlan } from './restore-run.ts';

/** See `ClusterActivities.finishRestore`. */
export function finishRestore(
  deps: Dependencies,
  input: FinishRestoreInput,
): Promise<RestoreResult> {
  return withHeartbeat(async () => {
    const { ending, completionTimestamp } = input;
    const store = deps.store(input.location);
    const claim = await readRestoreClaim(store, input);
    const files = await OutcomeFiles.find(store, input);
    const failure = ending.kind === 'failed' ? ending.failure.message : undefined;
    const report = await gatherReport(files, failure);
    const { startTimestamp } = claim;
    const result = restoreResult(ending, report.counts, { startTimestamp, completionTimestamp });
    const leftOut = await leftOutOf(store, input, result.items);
    await commitRestore(store, {
      stored: { ...claim, result, leftOut },
      results: report.results,
      resourceList: encodeRestoreList(files, report),
    });
    return result;
  });
}

/** What the plan left out, and what was planned and not reached. A run that ended before its plan has neither. */
async function leftOutOf(
  store: ObjectStore,
  run: FinishRestoreInput,
  itemsDone: number,
): Promise<readonly LeftOut[]> {
  try {
    const { items, leftOut } = await readRestorePlan(store, run);
    const rest = items - itemsDone;
    return rest > 0 ? [...leftOut, { reason: LEFT_OUT_REASONS.notReached, items: rest }] : leftOut;
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return [];
    }
    throw error;
  }
}
