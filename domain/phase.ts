/**
 * Phases of a run, as the API shows them: Velero's, and `Verifying`, `Cancelled` and `Queued`.
 * `velero` is the phase that the stored record has instead; undefined where no record may exist yet.
 */
export const PHASES = {
  New: { isEnd: false },
  Queued: { isEnd: false },
  FailedValidation: { isEnd: true, velero: 'FailedValidation' },
  InProgress: { isEnd: false },
  WaitingForPluginOperations: { isEnd: false },
  WaitingForPluginOperationsPartiallyFailed: { isEnd: false },
  Finalizing: { isEnd: false },
  FinalizingPartiallyFailed: { isEnd: false },
  Verifying: { isEnd: false },
  Completed: { isEnd: true, velero: 'Completed' },
  PartiallyFailed: { isEnd: true, velero: 'PartiallyFailed' },
  Failed: { isEnd: true, velero: 'Failed' },
  Cancelled: { isEnd: true, velero: 'Failed' },
  Deleting: { isEnd: false },
} as const satisfies Record<string, { isEnd: boolean; velero?: VeleroEndPhase }>;

export type VeleroEndPhase = 'FailedValidation' | 'Completed' | 'PartiallyFailed' | 'Failed';

export type Phase = keyof typeof PHASES;

/** Phases in which a run has left a usable backup, or a cluster that holds what was asked for. */
export type EndPhase = 'Completed' | 'PartiallyFailed' | 'Failed' | 'Cancelled';

/** `failureReason` of a record whose run was cancelled. */
export const CANCELLED_REASON = 'Cancelled';

export function isEndPhase(phase: Phase): boolean {
  return PHASES[phase].isEnd;
}

export function isPhase(text: string): text is Phase {
  return Object.hasOwn(PHASES, text);
}

/** The phase that the API shows for a stored record. */
export function phaseOfRecord(phase: VeleroEndPhase, failureReason: string | undefined): Phase {
  return phase === 'Failed' && failureReason === CANCELLED_REASON ? 'Cancelled' : phase;
}
