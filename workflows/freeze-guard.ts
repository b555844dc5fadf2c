import {
  CancellationScope,
  condition,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';

import { recordTime } from '../domain/duration.ts';
import { code } from '../domain/run-details.ts';
import { activitiesOf } from './activity-profiles.ts';
import { type FreezeGuardInput, thawedSignal } from './contract.ts';

/**
 * Guards a pod that a backup freezes, and outlives the backup, however that ends. It waits until the pod was thawed, or
 * for its deadline, and then has the pod thawed, which does nothing where that was done. One that is cancelled does so at
 * once.
 */
export async function freezeGuard(input: FreezeGuardInput): Promise<'Thawed' | 'Overdue'> {
  const { cluster, podUid, runUid, name, thawAfterMs, patienceMs } = input;
  const word = { isThawed: false };
  setHandler(thawedSignal, () => {
    word.isThawed = true;
  });
  const isThawed = (): boolean => word.isThawed;
  let waitMs = thawAfterMs;
  for (;;) {
    const untilText = recordTime(Date.now() + waitMs);
    setCurrentDetails(
      `**Guarding** · ${code(name)} is thawed at ${untilText}, unless it was before`,
    );
    const isForced = !(await isOver(isThawed, waitMs));
    if (isThawed()) {
      return 'Thawed';
    }
    const answer = await CancellationScope.nonCancellable(() =>
      activitiesOf(cluster, patienceMs)
        .long(`Thaw ${name}, which is overdue`)
        .thawOverdue({ podUid, runUid, isForced }),
    );
    // Nothing is sent as null.
    if (answer == null) {
      return 'Overdue';
    }
    // The freeze began after its guard, when another backup had frozen the pod, or the thaw failed.
    waitMs = answer.leftMs;
  }
}

/** Waits until something is so, or for a time; false when a cancel ended the wait. */
async function isOver(isSo: () => boolean, ms: number): Promise<boolean> {
  try {
    await condition(isSo, ms);
    return true;
  } catch (error) {
    if (isCancellation(error)) {
      return false;
    }
    throw error;
  }
}
