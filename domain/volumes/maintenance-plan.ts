import type { FailureReport } from '../failure.ts';

/** When a repository is maintained; a part of `RepositoryRules`. */
export interface MaintenanceRules {
  /** Between two rounds; a quarter more or less, so that repositories take turns. */
  readonly everyMs: number;
  /** Pauses after the first, the second and every further round that failed. */
  readonly backOffMs: readonly number[];
  /** Between two checks, and in how many parts the data is read, a part with each check. */
  readonly checkEveryMs: number;
  readonly checkParts: number;
}

/** What a repository remembers of its maintenance. */
export interface MaintenanceState {
  /** When the next round is due, in milliseconds since 1970; undefined when none is. */
  readonly dueMs: number | undefined;
  /** Whether runs have had leases since the last round that ended well: they may have left data that nobody needs. */
  readonly isUsed: boolean;
  /** Rounds in a row that failed. */
  readonly failures: number;
  readonly last?: { readonly atMs: number; readonly end: RoundEnd['kind'] };
  readonly lastFailure?: { readonly atMs: number; readonly failure: FailureReport };
  /** When the repository was found sound; 0 if it was not, or was found damaged since. */
  readonly checkedMs: number;
  /** Which part of its data is read next, from 1. */
  readonly nextPart: number;
}

/** How a round of the maintenance ended. */
export type RoundEnd =
  /** `snapshots` are left; without any nothing more is due. */
  | { readonly kind: 'Done'; readonly snapshots: number; readonly isChecked: boolean }
  /** The repository was in use for too long. */
  | { readonly kind: 'Postponed' }
  | { readonly kind: 'Failed'; readonly failure: FailureReport };

/** When something happens, and a number from 0 to 1 by chance. */
export interface PlanMoment {
  readonly nowMs: number;
  readonly chance: number;
}

export const NO_MAINTENANCE: MaintenanceState = {
  ...{ dueMs: undefined, isUsed: false, failures: 0 },
  ...{ checkedMs: 0, nextPart: 1 },
};

/** Notes that a run uses the repository. */
export function noteUse(
  state: MaintenanceState,
  rules: MaintenanceRules,
  moment: PlanMoment,
): MaintenanceState {
  return { ...state, isUsed: true, dueMs: state.dueMs ?? laterBy(rules.everyMs, moment) };
}

/** Whether a round begins with a check: nothing is taken out of a repository that was found damaged. */
export function isCheckDue(
  { checkedMs }: MaintenanceState,
  { checkEveryMs }: MaintenanceRules,
  nowMs: number,
): boolean {
  return nowMs - checkedMs >= checkEveryMs;
}

/** What is remembered of a round, and when the next is due. */
export function afterRound(
  before: MaintenanceState,
  end: RoundEnd,
  { rules, moment }: { readonly rules: MaintenanceRules; readonly moment: PlanMoment },
): MaintenanceState {
  const { nowMs: atMs } = moment;
  const state = { ...before, last: { atMs, end: end.kind } };
  switch (end.kind) {
    case 'Done':
      return {
        ...{ ...state, isUsed: false, failures: 0 },
        dueMs: end.snapshots > 0 ? laterBy(rules.everyMs, moment) : undefined,
        ...(end.isChecked
          ? { checkedMs: atMs, nextPart: (state.nextPart % rules.checkParts) + 1 }
          : {}),
      };
    case 'Postponed':
      return { ...state, dueMs: atMs + pauseAfter(0, rules) };
    case 'Failed':
      return {
        ...{ ...state, failures: state.failures + 1 },
        checkedMs: end.failure.code === 'repository-damaged' ? 0 : state.checkedMs,
        lastFailure: { atMs, failure: end.failure },
        dueMs: atMs + pauseAfter(state.failures, rules),
      };
  }
}

function pauseAfter(failures: number, { backOffMs }: MaintenanceRules): number {
  return backOffMs[Math.min(failures, backOffMs.length - 1)] ?? 0;
}

/** A quarter more or less than a time from now. */
function laterBy(ms: number, { nowMs, chance }: PlanMoment): number {
  return Math.round(nowMs + ms * (0.75 + chance / 2));
}
