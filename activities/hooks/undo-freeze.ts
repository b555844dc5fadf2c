import { recordTime } from '../../domain/duration.ts';
import type { StoredFreeze, Thawing } from '../../domain/hooks/freeze.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import { readPod } from '../volumes/pods.ts';
import type { Freezes } from './freezes.ts';
import { type HookCluster, runHooks } from './run-hooks.ts';

/**
 * How a freeze ended for one who wants it undone. `Thawed`: by this call, with all its hooks or not. `ThawedBefore`: by
 * another one. `Claimed`: another one is at it. `None`: there is no freeze of the pod.
 */
export type Thaw =
  | {
      readonly kind: 'Thawed';
      readonly runs: readonly HookRun[];
      readonly isClean: boolean;
      /** Who claimed the undo first, which may be one who died at it. */
      readonly first: string;
    }
  | {
      readonly kind: 'ThawedBefore';
      readonly by: string;
      readonly at: string;
      readonly first: string;
    }
  | { readonly kind: 'Claimed'; readonly by: string; readonly at: string }
  | { readonly kind: 'None' };

/** Who undoes a freeze, and where. */
export interface Thawer {
  readonly freezes: Freezes;
  readonly cluster: HookCluster;
  /** The same for each attempt of one. */
  readonly by: string;
  readonly signal: AbortSignal;
  /** How long the claim of another one is respected, in milliseconds. */
  readonly respectMs: number;
  /** Whether what is frozen may come yet, so that the undo is run again at the deadline, however it ends now. */
  readonly isEarly?: boolean;
}

/** An undo that fails so often is not tried any more. */
const TRIES_MAX = 10;

/**
 * Undoes the freeze of a pod by its post hooks. Whoever claims it first runs them; run twice they do no harm, for what is
 * not frozen is thawed. What fails is to be tried again, and stays in the Lease until it has failed ten times. Throws
 * what `runHooks` throws.
 */
export async function undoFreeze(podUid: string, thawer: Thawer): Promise<Thaw> {
  for (;;) {
    const stored = await thawer.freezes.read(podUid, thawer.signal);
    if (stored === undefined) {
      return { kind: 'None' };
    }
    const { thawed, claim, first = thawer.by } = stored.thawing;
    if (thawed !== undefined) {
      const { by, at } = thawed;
      return { kind: 'ThawedBefore', by, at, first };
    }
    if (claim !== undefined && isRespected(claim, thawer)) {
      return { kind: 'Claimed', ...claim };
    }
    const claimed = await thawer.freezes.mark(stored, {
      ...{ ...stored.thawing, first },
      claim: { by: thawer.by, at: recordTime(Date.now()) },
    });
    if (claimed !== undefined) {
      return undo(claimed, thawer);
    }
  }
}

function isRespected(claim: NonNullable<Thawing['claim']>, { by, respectMs }: Thawer): boolean {
  return claim.by !== by && Date.now() - Date.parse(claim.at) < respectMs;
}

async function undo(claimed: StoredFreeze, thawer: Thawer): Promise<Thaw> {
  const { pod, undo: hooks } = claimed.freeze;
  const of = { pod, phase: 'post', hooks, stopsAtFailure: false } as const;
  const runs = await runHooks(thawer.cluster, of, thawer.signal);
  const isClean = runs.every(({ outcome }) => outcome === 'Succeeded');
  const live = isClean ? undefined : await readPod(thawer.cluster, pod, thawer.signal);
  const isGone = !isClean && live?.uid !== pod.uid;
  await settle(thawer, {
    claimed,
    isClean,
    isLast: isGone || (isClean && thawer.isEarly !== true),
  });
  return { kind: 'Thawed', runs, isClean, first: claimed.thawing.first ?? thawer.by };
}

/** Notes the end of an undo, unless another one has noted that it ended before. */
async function settle(
  thawer: Thawer,
  end: { readonly claimed: StoredFreeze; readonly isClean: boolean; readonly isLast: boolean },
): Promise<void> {
  const { claimed, isClean, isLast } = end;
  for (;;) {
    const stored = await thawer.freezes.read(claimed.freeze.pod.uid, thawer.signal);
    // Another backup may have frozen the pod since.
    if (stored?.uid !== claimed.uid || stored.thawing.thawed !== undefined) {
      return;
    }
    const tries = (stored.thawing.tries ?? 0) + 1;
    const thawed = { by: thawer.by, at: recordTime(Date.now()), isClean };
    const isOver = isLast || tries >= TRIES_MAX;
    const { first = thawer.by } = stored.thawing;
    // Whoever comes next need not wait for one that has failed.
    const next = isOver ? { ...stored.thawing, tries, thawed } : { first, tries };
    if ((await thawer.freezes.mark(stored, next)) !== undefined) {
      return;
    }
  }
}
