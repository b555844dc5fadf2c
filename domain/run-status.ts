import type { FailureReport } from './failure.ts';
import type { Phase } from './phase.ts';

/** Steps of a backup and of a restore, in their order. */
export const BACKUP_STEPS = ['open', 'plan', 'export', 'assemble', 'verify', 'commit'] as const;
export const RESTORE_STEPS = ['open', 'plan', 'apply', 'relink', 'verify', 'report'] as const;
export type RunStep = (typeof BACKUP_STEPS)[number] | (typeof RESTORE_STEPS)[number];

/** How far a run is. Rates are worked out by whoever shows them. */
interface RunProgress {
  readonly itemsDone: number;
  /** What the plan counted; a cost, not a promise. 0 while there is no plan. */
  readonly itemsTotal: number;
}

/** What a run that has not ended waits for. */
export interface RunWait {
  /** A sentence for people. */
  readonly reason: string;
  /** When the wait ends at the latest, RFC 3339. */
  readonly deadline?: string;
  /** The last failure, if the run is between two attempts. */
  readonly failure?: FailureReport;
  readonly attempt?: number;
}

/** What the workflow itself knows about its run; answered by its status query. */
export interface RunStatus {
  readonly phase: Phase;
  readonly step: RunStep;
  readonly progress: RunProgress;
  readonly startTimestamp: string;
  /** When the present step began, RFC 3339. */
  readonly stepTimestamp: string;
}

/** What an activity waits for now. */
export type ActivityWait = Pick<RunWait, 'reason' | 'deadline'>;

/** What an activity says about itself by heartbeat. */
export interface HeartbeatProgress {
  readonly itemsDone: number;
  readonly bytesDone: number;
  readonly waitingFor?: ActivityWait;
}
