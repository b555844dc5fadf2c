import type { FailureReport } from '../domain/failure.ts';
import type { BatchInput, LocatedPod } from './volume-contract.ts';

/** The activities of the hooks of a backup; what is said of `ClusterActivities` holds for them. */
export interface HookActivities {
  /**
   * Notes that a pod is about to be frozen, where post hooks undo that, and runs its pre hooks. What an earlier attempt,
   * or a backup that is gone, has left frozen is thawed first; a pod that another backup has frozen is waited for. A hook
   * that fails is an answer. Heartbeats.
   */
  freezePod(input: HookedPodInput): Promise<FrozenPod>;
  /**
   * Finds the pod that took the place of one with hooks that is gone, by its name or by the claims that are copied through
   * it, and plans its hooks. Waits a little for one that starts. Gives nothing where there is none. Heartbeats.
   */
  replanPod(input: HookedPodInput): Promise<LocatedPod | undefined>;
  /** Runs the post hooks of a pod, unless somebody has done that since it was frozen. May be repeated. Heartbeats. */
  thawPod(input: ThawPodInput): Promise<ThawedPod>;
  /**
   * Runs the post hooks of a pod that a run has frozen for too long; what another run has frozen is left alone. Gives
   * something where they are to be run later: the deadline is still to come, or they failed. May be repeated. Heartbeats.
   */
  thawOverdue(input: ThawOverdueInput): Promise<OverdueAnswer | undefined>;
}

export interface HookedPodInput extends BatchInput {
  /** Number of the pod in its batch. */
  readonly pod: number;
  /** Whether the pod that took its place is meant, as `replanPod` found it. */
  readonly isAgain?: true;
}

export interface ThawPodInput extends HookedPodInput {
  readonly podUid: string;
  /** Whether a pre hook was started; left out where nobody knows. One that was not has left nothing to undo. */
  readonly isBegun?: boolean;
  /** Whether a pre hook may be at work yet, so that the pod is thawed once more at its deadline. */
  readonly mayFreezeYet?: boolean;
}

export interface FrozenPod {
  /** Part of the key of what is stored of the pre hooks. */
  readonly attempt: string;
  /** Why the volumes of the pod are not copied: a hook failed that must not. */
  readonly failure?: FailureReport;
  /** Whether the pod was gone before any of its hooks was begun. */
  readonly isGone?: true;
  /** Whether a pre hook was started, or there is none. */
  readonly isBegun?: boolean;
  /** Whether a pre hook took longer than its timeout: it may go on in its container. */
  readonly mayFreezeYet?: true;
  /** Whether every pre hook succeeded. */
  readonly isFrozen: boolean;
}

export interface ThawedPod {
  /** Part of the key of what is stored of the post hooks; left out where nobody knows what these gave. */
  readonly attempt?: string;
  /** Whether nobody had begun to thaw the pod before. */
  readonly isFirst: boolean;
  /** Whether a hook that thaws it failed, or may have come too early, so that it is run again at the deadline. */
  readonly isFrozenStill?: boolean;
}

export interface ThawOverdueInput {
  readonly podUid: string;
  readonly runUid: string;
  /** Not to wait for the deadline. */
  readonly isForced?: boolean;
}

export interface OverdueAnswer {
  /** How long it is until the pod is to be thawed, in milliseconds. */
  readonly leftMs: number;
}
