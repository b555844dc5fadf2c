import type { FailureReport } from '../failure.ts';

/** How the hooks of a pod ended. */
export interface HookEnds {
  /** Number of the pod in its batch. */
  readonly pod: number;
  /** Whether they are those of the pod that took its place. */
  readonly isAgain?: true;
  readonly preAttempt?: string;
  readonly postAttempt?: string;
  /** Whether a pre hook failed that may fail, so that the pod was never as they should make it. */
  readonly isExcused?: boolean;
  /** Whether the pod was as its pre hooks made it until its volumes were copied. */
  readonly isHeld: boolean;
  /** Volumes that were read through another pod, since this one was gone, by their numbers in the run. */
  readonly outside?: readonly number[];
  /** Why hooks were not run, or not to their end. */
  readonly failure?: FailureReport;
}
