import {
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import { leaseHolders, newLeaseTable } from '../domain/volumes/lease-table.ts';
import { REPOSITORY_RULES } from '../domain/volumes/repository-rules.ts';
import { repositoryStatus, repositoryWords } from '../domain/volumes/repository-status.ts';
import { activitiesOf } from './activity-profiles.ts';
import { type RepositoryInput, repositoryStatusQuery } from './contract.ts';
import { keepLeases, type LeaseKeeper } from './keep-leases.ts';
import { reportOf } from './run-tracker.ts';

/** How long one look at the holders of leases keeps trying, in milliseconds. */
const LOOK_PATIENCE_MS = 60_000;

/**
 * The keeper of one repository: who may use it is decided here, and not by files that dead processes leave behind. Its
 * states:
 *
 * - Nobody waits: it answers who asks, and sleeps.
 * - Somebody waits: the runs that hold leases are looked at now and then. One that has closed and did not give its lease
 *   back loses it; no lease ends by time alone.
 * - Its history is long: it goes on as a new run with the same leases.
 * - Nobody has used the repository for long: it ends. The next ask makes it anew, with epochs that begin at the time of
 *   its start in milliseconds. They are above all earlier ones, as no repository grants a lease every millisecond.
 */
export async function repository(input: RepositoryInput): Promise<void> {
  const rules = { ...REPOSITORY_RULES, ...input.rules };
  const startMs = workflowInfo().startTime.getTime();
  const leases = keepLeases({
    ...(input.state ?? { table: newLeaseTable(startMs), changedMs: startMs }),
    namespace: input.namespace,
    patienceMs: rules.patienceMs,
    onChange: (table) => {
      setCurrentDetails(repositoryWords(table));
    },
  });
  setHandler(repositoryStatusQuery, () => repositoryStatus(leases.table()));

  const isLong = (): boolean => workflowInfo().historyLength >= rules.historyEventsMax;
  const isContended = (): boolean => leases.table().waiting.length > 0 || leases.hasLostHolder();
  let lookedMs = startMs;
  let pauseMs = rules.lookMs;
  const restMs = (): number => Math.max(leases.changedMs(), lookedMs) + rules.idleMs - Date.now();
  while (!isLong()) {
    if (isContended()) {
      await condition(() => !isContended() || leases.hasLostHolder() || isLong(), pauseMs);
      pauseMs = Math.min(2 * pauseMs, rules.lookMaxMs);
      if (isContended()) {
        await lookAtHolders(input.cluster, leases);
      }
    } else if (await condition(() => isContended() || isLong(), Math.max(1, restMs()))) {
      pauseMs = rules.lookMs;
    } else if (restMs() <= 0) {
      if (await hasEnded(leases)) {
        return;
      }
      await lookAtHolders(input.cluster, leases);
      lookedMs = Date.now();
    }
  }
  await condition(allHandlersFinished);
  const state = { table: leases.table(), changedMs: leases.changedMs() };
  await continueAsNew<typeof repository>({ ...input, state });
}

/** Ends the leases of runs that have closed; a look that fails is repeated with the next. */
async function lookAtHolders(cluster: string, leases: LeaseKeeper): Promise<void> {
  leases.forgetLostHolder();
  const holders = leaseHolders(leases.table());
  if (holders.length === 0) {
    return;
  }
  try {
    const { closed } = await activitiesOf(cluster, LOOK_PATIENCE_MS)
      .short('See whether the holders of leases run')
      .findClosedHolders({ holders });
    await leases.endOf(closed);
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    log.warn('the holders of leases cannot be looked at', { code: reportOf(error).code });
  }
}

/** Whether nobody has a lease, once every answer is given. */
async function hasEnded(leases: LeaseKeeper): Promise<boolean> {
  await condition(allHandlersFinished);
  const { held, waiting } = leases.table();
  return held.length + waiting.length === 0;
}
