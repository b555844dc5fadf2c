import { CancellationScope, condition, isCancellation, setHandler } from '@temporalio/workflow';

import { activitiesOf } from './activity-profiles.ts';
import { type FreezeGuardInput, thawedSignal } from './contract.ts';

/**
 * Guards a pod that a backup freezes, and outlives the backup, however that ends. It waits until the pod was thawed, or
 * for its deadline, and then has the pod thawed, which does nothing where that was done. One that is cancelled does so at
 * once.
 */
export async function freezeGuard(input: FreezeGuardInput): Promise<'Thawed' | 'Overdue'> {
  const { cluster, podUid, name, thawAfterMs, patienceMs } = input;
  if (await isThawedWithin(thawAfterMs)) {
    return 'Thawed';
  }
  await CancellationScope.nonCancellable(() =>
    activitiesOf(cluster, patienceMs)
      .long(`Thaw ${name}, which is overdue`)
      .thawOverdue({ podUid }),
  );
  return 'Overdue';
}

/** Waits for the word that the pod was thawed; a cancel ends the wait. */
async function isThawedWithin(ms: number): Promise<boolean> {
  let isThawed = false;
  setHandler(thawedSignal, () => {
    isThawed = true;
  });
  try {
    return await condition(() => isThawed, ms);
  } catch (error) {
    if (isCancellation(error)) {
      return isThawed;
    }
    throw error;
  }
}
