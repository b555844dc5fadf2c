import { CancellationScope, condition, isCancellation, log } from '@temporalio/workflow';

import {
  afterRound,
  isCheckDue,
  type MaintenanceState,
  noteUse,
  type PlanMoment,
} from '../domain/volumes/maintenance-plan.ts';
import type { RepositoryRules } from '../domain/volumes/repository-rules.ts';
import type { RepositoryInput } from './contract.ts';
import type { LeaseKeeper } from './keep-leases.ts';
import { maintenanceRound } from './maintenance-round.ts';

/** The maintenance of the repository whose workflow it is. */
export interface RepositoryCare {
  readonly state: () => MaintenanceState;
  /** What is done now, in words; undefined between two rounds. */
  readonly step: () => string | undefined;
  /** When the next round is due, in milliseconds since 1970; undefined while one goes on, or if none is due. */
  readonly dueMs: () => number | undefined;
  readonly isUnderWay: () => boolean;
  /** Notes that a run uses the repository. */
  readonly noteUse: () => void;
  /** Begins a round, which goes on beside what the workflow does. */
  readonly begin: () => void;
  /** Kept when no round is under way, even if the workflow is cancelled. */
  readonly settled: () => Promise<void>;
}

interface Care {
  readonly input: RepositoryInput;
  readonly rules: RepositoryRules;
  readonly leases: LeaseKeeper;
  readonly state: MaintenanceState;
  readonly onChange: () => void;
}

/** Maintains a repository, one round at a time. */
export function careForRepository({
  input,
  rules,
  leases,
  onChange,
  ...care
}: Care): RepositoryCare {
  const { location, clusterUid, namespace, cluster } = input;
  let { state } = care;
  let step: string | undefined;
  let isUnderWay = false;
  let uses = 0;

  async function maintain(): Promise<void> {
    const { nowMs } = moment();
    // Runs that use the repository from here on have the removal of unneeded data before them.
    let usesBefore = uses;
    const end = await maintenanceRound({
      ...{ repository: { location, clusterUid, namespace }, cluster, rules, leases },
      ...(isCheckDue(state, rules, nowMs) ? { checkPart: state.nextPart } : {}),
      isUsed: () => {
        usesBefore = uses;
        return state.isUsed;
      },
      onStep: (words) => {
        step = words;
        onChange();
      },
    });
    state = afterRound(state, end, { rules, moment: moment() });
    if (uses > usesBefore) {
      state = noteUse(state, rules, moment());
    }
    if (end.kind === 'Failed') {
      log.warn('maintenance of a repository failed', { namespace, code: end.failure.code });
    }
  }

  async function round(): Promise<void> {
    isUnderWay = true;
    try {
      await maintain();
    } catch (error) {
      // Cancelled: the workflow ends by itself.
      if (!isCancellation(error)) {
        throw error;
      }
    } finally {
      isUnderWay = false;
      step = undefined;
      onChange();
    }
  }

  return {
    state: () => state,
    step: () => step,
    dueMs: () => (isUnderWay ? undefined : state.dueMs),
    isUnderWay: () => isUnderWay,
    noteUse: () => {
      uses += 1;
      state = noteUse(state, rules, moment());
    },
    begin: () => void round(),
    settled: () => CancellationScope.nonCancellable(() => condition(() => !isUnderWay)),
  };
}

function moment(): PlanMoment {
  return { nowMs: Date.now(), chance: Math.random() };
}
