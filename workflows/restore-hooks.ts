import { isCancellation, log, patched } from '@temporalio/workflow';

import type { RestoreRun } from '../activities/contract.ts';
import { inPool } from './pool.ts';
import type { Apply } from './restore-apply.ts';
import { reportOf } from './run-tracker.ts';

/** Restores of earlier releases ran no hooks. */
const RUNS_HOOKS = 'runs-hooks';
/** Batches of pods whose hooks are run at the same time. */
const BATCHES_IN_FLIGHT = 4;

/**
 * Runs the hooks of restored pods. A batch of pods that cannot be got to the end costs these pods their hooks, and
 * nobody else anything.
 */
export async function runRestoreHooks(
  run: RestoreRun,
  { activities, tracker, progress }: Apply,
): Promise<void> {
  const shards = progress.applied
    .filter(({ hooked = 0 }) => hooked > 0)
    .map(({ shard, attempt }) => ({ shard, attempt }));
  if (shards.length === 0 || !patched(RUNS_HOOKS)) {
    return;
  }
  tracker.enter('hooks', 'InProgress', 'looking for pods with hooks');
  const { pods, batches } = await activities
    .long('Choose the pods with hooks')
    .planRestoreHooks({ ...run, shards });
  const hooks: NonNullable<Apply['progress']['hooks']> = { batches };
  progress.hooks = hooks;
  tracker.enter('hooks', 'InProgress', `running the hooks of ${String(pods)} pods`);
  const numbers = Array.from({ length: batches }, (_, batch) => batch);
  await inPool(numbers, BATCHES_IN_FLIGHT, async (batch) => {
    try {
      const words = `Run hooks of restored pods: ${String(batch + 1)} of ${String(batches)}`;
      await activities.patient(words).runRestoreHooks({ ...run, batch });
    } catch (error) {
      if (isCancellation(error)) {
        throw error;
      }
      hooks.failure ??= reportOf(error);
      tracker.failed(1);
      log.warn('hooks of restored pods were not run to their end', { code: hooks.failure.code });
    }
  });
}
