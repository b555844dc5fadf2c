import { restoreFolder, shardOutcomesKey } from '../../domain/object-key.ts';
import type { AppliedItem } from '../../domain/restore/restore-outcome.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { PlannedRestoreHooks, PlanRestoreHooksInput } from '../restore-hook-contract.ts';
import { HookFiles, type PodPlace } from './hook-files.ts';

/** Pods of one batch, which one activity waits for at the same time. */
const BATCH_PODS = 100;

/** See `RestoreHookActivities.planRestoreHooks`. */
export function planRestoreHooks(
  deps: Dependencies,
  { shards, ...run }: PlanRestoreHooksInput,
): Promise<PlannedRestoreHooks> {
  return withHeartbeat(async ({ signal }) => {
    const store = deps.store(run.location);
    const pods: PodPlace[] = [];
    for (const { shard, attempt } of shards) {
      signal.throwIfAborted();
      const key = shardOutcomesKey(restoreFolder(run.name), { ...run, shard, attempt });
      // The object under this key was written by `applyShards` or `applyDeferred` of the same run.
      const outcomes = (await readJsonGz(store, key)) as readonly AppliedItem[];
      const hooked = outcomes.filter(({ hasHooks }) => hasHooks === true);
      pods.push(...hooked.map(({ namespace, name }) => ({ namespace, name })));
    }
    const batches = Math.ceil(pods.length / BATCH_PODS);
    for (let batch = 0; batch < batches; batch++) {
      const part = pods.slice(batch * BATCH_PODS, (batch + 1) * BATCH_PODS);
      await new HookFiles(store, { ...run, batch }).writePods(part);
    }
    return { pods: pods.length, batches };
  });
}
