import { Failure } from '../../domain/failure.ts';
import { countsText } from '../../domain/restore/plan-tally.ts';
import type { RestoreRun } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { inspectPlan } from './inspect-plan.ts';
import { readOpenRules, readRestoreClaim } from './restore-run.ts';

/** See `ClusterActivities.checkPlan`. */
export function checkPlan(
  { cluster, store: storeOf, namespace }: Dependencies,
  run: RestoreRun,
): Promise<void> {
  return withHeartbeat(async ({ signal, report }) => {
    const store = storeOf(run.location);
    const { spec } = await readRestoreClaim(store, run);
    if (spec.planDigest === undefined) {
      return;
    }
    const onProgress = (itemsDone: number): void => {
      report({ itemsDone, bytesDone: 0 });
    };
    const { digest, counts } = await inspectPlan({
      ...{ ...run, cluster, namespace, store, spec, signal, onProgress },
      configured: await readOpenRules(store, run),
    });
    if (digest !== spec.planDigest) {
      throw new Failure(
        'plan-changed',
        `the restore would do something else than its plan says: now ${countsText(counts)}; ` +
          'make a new plan and look at it',
        { subject: 'spec.planDigest' },
      );
    }
  });
}
