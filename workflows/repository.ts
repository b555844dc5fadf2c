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
import { NO_MAINTENANCE } from '../domain/volumes/maintenance-plan.ts';
import { REPOSITORY_RULES, type RepositoryRules } from '../domain/volumes/repository-rules.ts';
import {
  type RepositoryFacts,
  repositoryStatus,
  repositoryWords,
} from '../domain/volumes/repository-status.ts';
import { activitiesOf } from './activity-profiles.ts';
import { careForRepository, type RepositoryCare } from './care-for-repository.ts';
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
 * - Its maintenance is due: a round of it (`maintenance-round.ts`) goes on beside all this, and waits for its turn.
 * - Its history is long: it goes on as a new run with the same leases, but not within a round.
 * - Nobody has used the repository for long, and nothing is left to maintain: it ends. The next ask makes it anew, with
 *   epochs that begin at the time of its start in milliseconds. They are above all earlier ones, as no repository grants
 *   a lease every millisecond.
 */
export async function repository(input: RepositoryInput): Promise<void> {
  const keeper = keepRepository(input);
  const { rules, leases, care } = keeper;
  let pauseMs = rules.lookMs;
  try {
    while (!mustGoOn(keeper) && !(await isOver(keeper))) {
      if ((care.dueMs() ?? Infinity) <= Date.now()) {
        care.begin();
      }
      if (isContended(keeper)) {
        await watch(keeper, { cluster: input.cluster, pauseMs });
        pauseMs = Math.min(2 * pauseMs, rules.lookMaxMs);
      } else {
        await rest(keeper);
        pauseMs = rules.lookMs;
      }
    }
  } finally {
    await care.settled();
  }
  await condition(allHandlersFinished);
  if (mustGoOn(keeper)) {
    const { table, changedMs } = leases;
    const state = { table: table(), changedMs: changedMs(), maintenance: care.state() };
    await continueAsNew<typeof repository>({ ...input, state });
  }
}

interface Keeper {
  readonly rules: RepositoryRules;
  readonly leases: LeaseKeeper;
  readonly care: RepositoryCare;
}

/** Sets the handlers, and begins with what the run before this one has handed on. */
function keepRepository(input: RepositoryInput): Keeper {
  const rules = { ...REPOSITORY_RULES, ...input.rules };
  const startMs = workflowInfo().startTime.getTime();
  const first = { table: newLeaseTable(startMs), changedMs: startMs, maintenance: NO_MAINTENANCE };
  const { table, changedMs, maintenance } = input.state ?? first;
  const leases = keepLeases({
    ...{ namespace: input.namespace, table, changedMs, patienceMs: rules.patienceMs },
    onChange: (granted) => {
      if (granted.some(({ holder }) => holder !== undefined)) {
        care.noteUse();
      }
      show();
    },
  });
  const care = careForRepository({ input, rules, leases, state: maintenance, onChange: show });

  function facts(): RepositoryFacts {
    const step = care.step();
    const known = { table: leases.table(), maintenance: care.state() };
    return step === undefined ? known : { ...known, step };
  }

  function show(): void {
    setCurrentDetails(repositoryWords(facts()));
  }

  setHandler(repositoryStatusQuery, () => repositoryStatus(facts()));
  leases.listen();
  return { rules, leases, care };
}

/** Whether the history is long; a round of the maintenance goes on in the run in which it began. */
function mustGoOn({ rules, care }: Keeper): boolean {
  return workflowInfo().historyLength >= rules.historyEventsMax && !care.isUnderWay();
}

/** Whether somebody waits for runs, which may have closed; the maintenance ends by itself. */
function isContended({ leases }: Keeper): boolean {
  const { held, waiting } = leases.table();
  const isWaitedFor = waiting.length > 0 && held.some(({ holder }) => holder !== undefined);
  return isWaitedFor || leases.hasLostHolder();
}

/** Looks at the runs that are waited for, after a pause. */
async function watch(
  keeper: Keeper,
  { cluster, pauseMs }: { readonly cluster: string; readonly pauseMs: number },
): Promise<void> {
  const isNew = (): boolean =>
    !isContended(keeper) || keeper.leases.hasLostHolder() || mustGoOn(keeper);
  await condition(isNew, pauseMs);
  if (isContended(keeper)) {
    await lookAtHolders(cluster, keeper.leases);
  }
}

/** Waits until somebody waits, or something is due. */
async function rest(keeper: Keeper): Promise<void> {
  const wakeMs = wakeTime(keeper);
  const isNew = (): boolean =>
    isContended(keeper) || mustGoOn(keeper) || wakeTime(keeper) !== wakeMs;
  if (wakeMs === Infinity) {
    await condition(isNew);
  } else {
    await condition(isNew, Math.max(1, wakeMs - Date.now()));
  }
}

/** When the next round is due, or, where none is, when nobody has used the repository for long. */
function wakeTime(keeper: Keeper): number {
  const { rules, leases, care } = keeper;
  return care.dueMs() ?? (isInUse(keeper) ? Infinity : leases.changedMs() + rules.idleMs);
}

function isInUse({ leases, care }: Keeper): boolean {
  return leases.table().held.length > 0 || care.isUnderWay();
}

/** Whether nobody has used the repository for long and nothing is due, once every answer is given. */
async function isOver(keeper: Keeper): Promise<boolean> {
  const isIdle = (): boolean =>
    keeper.care.dueMs() === undefined && !isInUse(keeper) && wakeTime(keeper) <= Date.now();
  if (isIdle()) {
    await condition(allHandlersFinished);
  }
  return isIdle();
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
