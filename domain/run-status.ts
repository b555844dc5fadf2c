import type { FailureReport } from './failure.ts';
import type { Phase } from './phase.ts';

/** Steps of a backup and of a restore, in their order. */
export const BACKUP_STEPS = [
  ...(['open', 'plan', 'plugins', 'export', 'volumes', 'operations', 'assemble'] as const),
  ...(['verify', 'commit'] as const),
] as const;
export const RESTORE_STEPS = [
  ...(['open', 'plan', 'apply', 'volumes', 'relink', 'hooks', 'verify', 'report'] as const),
] as const;
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
  /** When the wait began, RFC 3339; left out where nobody knows. */
  readonly since?: string;
  /** When the wait ends at the latest, RFC 3339. */
  readonly deadline?: string;
  /** The last failure, if the run is between two attempts. */
  readonly failure?: FailureReport;
  readonly attempt?: number;
}

/** A phase of a run, or a step of it, that began; the workflow keeps them for the log of the run. */
export interface PhaseChange {
  /** RFC 3339, with milliseconds. */
  readonly time: string;
  readonly phase: Phase;
  readonly step: RunStep;
}

/** What the workflow itself knows about its run; answered by its status query. */
export interface RunStatus {
  readonly phase: Phase;
  readonly step: RunStep;
  readonly progress: RunProgress;
  readonly startTimestamp: string;
  /** When the present step began, RFC 3339. */
  readonly stepTimestamp: string;
  /** Phases and steps so far, for the log; left out by runs of earlier releases. */
  readonly phases?: readonly PhaseChange[];
  /** Present since volumes are moved: how many there are, in how many batches, and what became of ended batches. */
  readonly volumes?: {
    readonly total: number;
    readonly batches: number;
    readonly ended: EndedVolumes;
  };
}

/** How far the operations of plugins are that a run waits for. */
export interface OperationsStatus {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  /** When those that run count as failed, RFC 3339. */
  readonly deadline: string;
}

/** What a batch of volumes has moved. */
export interface MovedVolumes {
  readonly volumes: number;
  readonly files: number;
  readonly bytes: number;
  /** Volumes that the batch had; as many as fit into one when left out. */
  readonly size?: number;
}

/** What became of volumes whose batches have ended. */
export interface EndedVolumes {
  readonly done: number;
  readonly failed: number;
  readonly files: number;
  readonly bytes: number;
}

export const VOLUME_STATES = ['Waiting', 'Mounting', 'Moving', 'Done', 'Failed'] as const;

/** Where one volume of a run is. */
export interface VolumeProgress {
  /** Its number in the run. */
  readonly volume: number;
  /** `shop/data`, or `shop/web cache` for a volume that a pod has of its own. */
  readonly name: string;
  readonly state: (typeof VOLUME_STATES)[number];
  readonly node?: string;
  readonly filesDone?: number;
  readonly bytesDone?: number;
  /** Of a volume that waits, where the run knows for what; while it is moved, what it waits for until the agent begins. */
  readonly waitingFor?: ActivityWait;
}

/** What an activity waits for now. */
export type ActivityWait = Pick<RunWait, 'reason' | 'since' | 'deadline'>;

/** What an activity says about itself by heartbeat. */
export interface HeartbeatProgress {
  readonly itemsDone: number;
  readonly bytesDone: number;
  readonly waitingFor?: ActivityWait;
  /** Of a copy: the volume, and what is known of its size. */
  readonly copy?: CopyProgress;
}

/** How far the copy of a volume is. */
export interface CopyProgress {
  readonly volume: number;
  /** What the engine does: `Opening`, `Copying`, `ReadingBack`, `Restoring`. */
  readonly phase: string;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesTotal: number;
}
