import type { MaintenanceRules } from './maintenance-plan.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How the workflow of a repository behaves; tests set shorter times. */
export interface RepositoryRules extends MaintenanceRules {
  /** A maintenance that has waited for so long is not passed by backups any more. */
  readonly patienceMs: number;
  /** Pause before the runs that hold leases are looked at, while somebody waits; doubled until the maximum. */
  readonly lookMs: number;
  readonly lookMaxMs: number;
  /** How long a round of the maintenance waits until nobody else uses the repository. */
  readonly waitMs: number;
  /**
   * A lock that is there twice, so far apart, belongs to nobody: restic makes those of its processes anew every 5
   * minutes.
   */
  readonly lockPauseMs: number;
  /** The workflow ends when nobody has asked for anything for so long and nothing is due. */
  readonly idleMs: number;
  /** Events of the history after which the workflow goes on with a new one. */
  readonly historyEventsMax: number;
}

export const REPOSITORY_RULES: RepositoryRules = {
  patienceMs: 10 * MINUTE_MS,
  lookMs: 30_000,
  lookMaxMs: 5 * MINUTE_MS,
  waitMs: HOUR_MS,
  lockPauseMs: 12 * MINUTE_MS,
  idleMs: 24 * HOUR_MS,
  everyMs: 24 * HOUR_MS,
  backOffMs: [HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS],
  checkEveryMs: 7 * 24 * HOUR_MS,
  checkParts: 52,
  historyEventsMax: 1000,
};
