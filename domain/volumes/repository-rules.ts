const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How the workflow of a repository behaves; tests set shorter times. */
export interface RepositoryRules {
  /** A maintenance that has waited for so long is not passed by backups any more. */
  readonly patienceMs: number;
  /** Pause before the runs that hold leases are looked at, while somebody waits; doubled until the maximum. */
  readonly lookMs: number;
  readonly lookMaxMs: number;
  /** Nobody has asked for anything for so long: holders are looked at, and without any the workflow ends. */
  readonly idleMs: number;
  /** Events of the history after which the workflow goes on with a new one. */
  readonly historyEventsMax: number;
}

export const REPOSITORY_RULES: RepositoryRules = {
  patienceMs: 10 * MINUTE_MS,
  lookMs: 30_000,
  lookMaxMs: 5 * MINUTE_MS,
  idleMs: 24 * HOUR_MS,
  historyEventsMax: 1000,
};
