import { recordTime } from '../../domain/duration.ts';
import { Failure, type FailureCode, isRetried } from '../../domain/failure.ts';
import type { HookPod, StoredFreeze, Thawing } from '../../domain/hooks/freeze.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import { afterUndo, failedTry, runsOfThaw, type UndoEnd } from '../../domain/hooks/thawing.ts';
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
      /** What is noted of it where it is to be tried again, or is given up. */
      readonly failed?: FailedUndo;
      /** Who claimed the undo first, which may be one who died at it. */
      readonly first: string;
    }
  | {
      readonly kind: 'ThawedBefore';
      readonly by: string;
      readonly first: string;
      /** What its hooks gave; left out where the Lease does not say. */
      readonly runs?: readonly HookRun[];
    }
  | { readonly kind: 'Claimed'; readonly by: string; readonly at: string }
  | { readonly kind: 'None' };

interface FailedUndo {
  readonly code: FailureCode;
  readonly tries: number;
  readonly isGivenUp: boolean;
}

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

/**
 * Undoes the freeze of a pod by its post hooks. Whoever claims it first runs them; run twice they do no harm, for what is
 * not frozen is thawed. What fails is to be tried again: the Lease says when, whoever does it. Throws what `runHooks`
 * throws.
 */
export async function undoFreeze(podUid: string, thawer: Thawer): Promise<Thaw> {
  for (;;) {
    const stored = await thawer.freezes.read(podUid, thawer.signal);
    if (stored === undefined) {
      return { kind: 'None' };
    }
    const { thawed, claim, first = thawer.by } = stored.thawing;
    if (thawed !== undefined) {
      const runs = runsOfThaw(stored, thawer.by);
      const told = runs === undefined ? {} : { runs };
      return { kind: 'ThawedBefore', by: thawed.by, first, ...told };
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

/**
 * Undoes a freeze that is overdue as `undoFreeze` does. What it throws is noted too, so that whoever comes next knows when
 * to try again.
 */
export async function undoOverdue(podUid: string, thawer: Thawer): Promise<Thaw> {
  try {
    return await undoFreeze(podUid, thawer);
  } catch (error) {
    thawer.signal.throwIfAborted();
    const code = error instanceof Failure ? error.code : 'internal';
    // A cluster that cannot be told is asked again without a note.
    await noteFailure(podUid, thawer, code).catch(() => undefined);
    throw error;
  }
}

async function noteFailure(podUid: string, thawer: Thawer, code: FailureCode): Promise<void> {
  const stored = await thawer.freezes.read(podUid, thawer.signal);
  if (stored?.thawing.claim?.by === thawer.by && stored.thawing.thawed === undefined) {
    await thawer.freezes.mark(stored, failedTry(stored, code, Date.now()));
  }
}

async function undo(claimed: StoredFreeze, thawer: Thawer): Promise<Thaw> {
  const { pod, undo: hooks } = claimed.freeze;
  const of = { pod, phase: 'post', hooks, stopsAtFailure: false } as const;
  const runs = await runHooks(thawer.cluster, of, thawer.signal);
  const end = await endOf(runs, pod, thawer);
  const noted = await settle(claimed, { end, runs }, thawer);
  const { first = thawer.by, tries = 1, thawed } = noted ?? claimed.thawing;
  const thaw = { kind: 'Thawed', runs, isClean: end === 'clean', first } as const;
  return end === 'clean' || end === 'gone'
    ? thaw
    : { ...thaw, failed: { code: end, tries, isGivenUp: thawed !== undefined } };
}

async function endOf(runs: readonly HookRun[], pod: HookPod, thawer: Thawer): Promise<UndoEnd> {
  const failed = runs.find(({ outcome }) => outcome === 'Failed');
  if (failed === undefined) {
    return 'clean';
  }
  return (await isThere(thawer, pod)) ? (failed.code ?? 'hook-failed') : 'gone';
}

/** Whether a pod may be there yet. */
async function isThere({ cluster, signal }: Thawer, pod: HookPod): Promise<boolean> {
  try {
    return (await readPod(cluster, pod, signal))?.uid === pod.uid;
  } catch (error) {
    if (error instanceof Failure && !isRetried(error.code)) {
      return true;
    }
    throw error;
  }
}

/** Notes the end of an undo, and gives that, unless another one has noted that it ended before. */
async function settle(
  claimed: StoredFreeze,
  { end, runs }: { readonly end: UndoEnd; readonly runs: readonly HookRun[] },
  { freezes, by, signal, isEarly = false }: Thawer,
): Promise<Thawing | undefined> {
  for (;;) {
    const stored = await freezes.read(claimed.freeze.pod.uid, signal);
    // Another backup may have frozen the pod since.
    if (stored?.uid !== claimed.uid || stored.thawing.thawed !== undefined) {
      return undefined;
    }
    const mayFreezeYet = isEarly || stored.thawing.mayFreezeYet === true;
    const next = afterUndo(stored, end, { by, nowMs: Date.now(), runs, mayFreezeYet });
    if ((await freezes.mark(stored, next)) !== undefined) {
      return next;
    }
  }
}
