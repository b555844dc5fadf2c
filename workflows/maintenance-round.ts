import { isCancellation, log, sleep } from '@temporalio/workflow';

import type { RepositoryLocks, UnlessLocked } from '../activities/repository-contract.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { RoundEnd } from '../domain/volumes/maintenance-plan.ts';
import type { RepositoryRules } from '../domain/volumes/repository-rules.ts';
import type { RepositoryKey } from '../domain/workflow-id.ts';
import { activitiesOf } from './activity-profiles.ts';
import { failureOf } from './failure.ts';
import type { LeaseKeeper } from './keep-leases.ts';
import { reportOf } from './run-tracker.ts';

/** How often locks are looked at before a round fails because they change. */
const LOCK_LOOKS_MAX = 2;
/** How long a look at the locks keeps trying, in milliseconds: others may wait meanwhile. */
const LOOK_PATIENCE_MS = 5 * 60_000;
const LOCKED: FailureReport = {
  code: 'repository-locked',
  message: 'somebody who has no lease works on the repository: its locks change',
};

/** One round of the maintenance of a repository. */
export interface Round {
  readonly repository: RepositoryKey;
  readonly cluster: string;
  readonly rules: RepositoryRules;
  readonly leases: LeaseKeeper;
  /** The part of the data that a check reads; left out when no check is due. */
  readonly checkPart?: number;
  /** Whether runs have used the repository since the last round: what they left behind is removed. */
  readonly isUsed: () => boolean;
  /** Says what is done now. */
  readonly onStep: (words: string) => void;
}

/**
 * Maintains a repository once. Its states:
 *
 * - Look: are there locks of the engine, while others may use the repository? Then time goes by before the next state.
 * - Wait: until nobody else uses the repository. A round that waits for too long is postponed.
 * - Alone: locks that are still there belong to nobody, and go. Then the repository is checked, if that is due, before
 *   anything is taken out of it; snapshots that nothing refers to are forgotten; data that no snapshot needs is removed.
 * - Failed: what a step that was cut off has locked is unlocked before others may use the repository again.
 */
export async function maintenanceRound(round: Round): Promise<RoundEnd> {
  const { rules, leases, onStep } = round;
  try {
    onStep('looking for locks');
    const { isThere, locks } = await listLocks(round);
    if (!isThere) {
      return { kind: 'Done', snapshots: 0, isChecked: false };
    }
    if (locks.length > 0) {
      onStep('waiting to see whether locks belong to nobody');
      await sleep(rules.lockPauseMs, { summary: 'See whether locks belong to nobody' });
    }
    onStep('waiting until nobody uses the repository');
    let end: RoundEnd = { kind: 'Postponed' };
    await leases.alone(rules.waitMs, async () => {
      end = await maintainAlone(round, locks);
    });
    return end;
  } catch (error) {
    return failedEnd(error);
  }
}

async function maintainAlone(round: Round, locks: readonly string[]): Promise<RoundEnd> {
  try {
    await clearLocks(round, locks);
    const snapshots = await removeUnneeded(round);
    return { kind: 'Done', snapshots, isChecked: round.checkPart !== undefined };
  } catch (error) {
    const end = failedEnd(error);
    if (end.failure.code !== LOCKED.code) {
      await clearLeftLocks(round);
    }
    return end;
  }
}

/** Removes what a step that was cut off may have locked; locks that cannot be removed now are left to the next round. */
async function clearLeftLocks(round: Round): Promise<void> {
  try {
    await clearLocks(round, []);
  } catch (error) {
    log.warn('locks of a repository may be left', { code: failedEnd(error).failure.code });
  }
}

/** Gives how many snapshots are left. */
async function removeUnneeded(round: Round): Promise<number> {
  const { repository, rules, checkPart: part, onStep } = round;
  const { long } = activitiesOf(round.cluster);
  if (part !== undefined) {
    const what = `part ${String(part)} of ${String(rules.checkParts)}`;
    onStep(`looking for damage, and reading ${what}`);
    await unlessLocked(round, () =>
      long(`Look for damage, read ${what}`).checkRepository({
        ...{ ...repository, part, of: rules.checkParts },
      }),
    );
  }
  onStep('taking out snapshots that nothing refers to');
  const { forgotten, snapshots } = await unlessLocked(round, () =>
    long('Take out snapshots that nothing refers to').forgetSnapshots(repository),
  );
  if (forgotten > 0 || round.isUsed()) {
    onStep('removing data that no snapshot needs');
    await unlessLocked(round, () =>
      long('Remove data that no snapshot needs').pruneRepository(repository),
    );
  }
  return snapshots;
}

/** Does a step, again if a lock was in the way that belongs to nobody: an attempt that died may have left it. */
async function unlessLocked<Result>(
  round: Round,
  step: () => Promise<UnlessLocked<Result>>,
): Promise<Result> {
  for (let looks = 0; looks < LOCK_LOOKS_MAX; looks += 1) {
    const end = await step();
    if (end.kind === 'Done') {
      return end;
    }
    await clearLocks(round, []);
  }
  throw failureOf(LOCKED);
}

/** Removes locks that are there twice, the first time long before the other, while nobody else has a lease. */
async function clearLocks(round: Round, before: readonly string[]): Promise<void> {
  const { rules, onStep } = round;
  let seen = new Set(before);
  for (let looks = 0; looks < LOCK_LOOKS_MAX; looks += 1) {
    const { locks } = await listLocks(round);
    if (locks.length === 0) {
      return;
    }
    if (locks.every((lock) => seen.has(lock)) && (await unlock(round, locks))) {
      return;
    }
    seen = new Set(locks);
    onStep('waiting to see whether locks belong to nobody');
    await sleep(rules.lockPauseMs, { summary: 'See whether locks belong to nobody' });
  }
  throw failureOf(LOCKED);
}

/** Removes locks; false if there are other ones by now. */
async function unlock(
  { repository, cluster, onStep }: Round,
  locks: readonly string[],
): Promise<boolean> {
  onStep('removing locks that belong to nobody');
  const { kind } = await activitiesOf(cluster, LOOK_PATIENCE_MS)
    .long('Remove locks that belong to nobody')
    .unlockRepository({ ...repository, locks });
  return kind === 'Done';
}

function listLocks({ repository, cluster }: Round): Promise<RepositoryLocks> {
  return activitiesOf(cluster, LOOK_PATIENCE_MS)
    .long('Look for locks')
    .listRepositoryLocks(repository);
}

function failedEnd(error: unknown): Extract<RoundEnd, { kind: 'Failed' }> {
  if (isCancellation(error)) {
    throw error;
  }
  return { kind: 'Failed', failure: reportOf(error) };
}
