import { recordTime } from '../duration.ts';
import type { FailureCode } from '../failure.ts';
import type { StoredFreeze, Thawed, Thawing } from './freeze.ts';
import type { HookRun } from './hook-run.ts';

/** Pause after an undo that failed, doubled until the maximum. */
const RETRY_FIRST_MS = 5000;
const RETRY_MAX_MS = 5 * 60_000;
/** Tries of an undo; with their pauses they take a day. */
const TRIES_MAX = 293;
/** Hooks of a pod up to which a Lease, which has room for 256 KiB, says what they gave. */
const RUNS_MAX = 100;

/** How one undo of a freeze ended: it succeeded, there is nothing to undo any more, or why it failed. */
export type UndoEnd = 'clean' | 'gone' | FailureCode;

/** Who ran an undo, and when it ended. */
interface Undoer {
  readonly by: string;
  readonly nowMs: number;
  readonly runs: readonly HookRun[];
  /** Whether a pre hook may freeze something after it. */
  readonly mayFreezeYet: boolean;
}

/** How far the undo of a freeze is when it was run. Whoever comes next need not wait for one that has failed. */
export function afterUndo(
  { freeze, thawing }: StoredFreeze,
  end: UndoEnd,
  { by, nowMs, runs, mayFreezeYet }: Undoer,
): Thawing {
  const counted = countedSoFar(thawing, by);
  const thawed = thawedOf({ by, nowMs, runs }, end === 'clean');
  const isEarly = mayFreezeYet && nowMs < Date.parse(freeze.deadline);
  if (end === 'gone' || (end === 'clean' && !isEarly)) {
    return { ...counted, thawed };
  }
  const yet = isEarly ? { mayFreezeYet } : {};
  if (end === 'clean') {
    return { ...counted, ...yet };
  }
  const failed = failedTry({ freeze, thawing: { ...counted, ...yet } }, end, nowMs);
  return isGivenUp(failed) ? { ...failed, thawed } : failed;
}

/**
 * What is noted of an undo that did not succeed. It is run again after a pause that doubles, at the deadline at the latest
 * where that is to come.
 */
export function failedTry(
  { freeze, thawing }: Pick<StoredFreeze, 'freeze' | 'thawing'>,
  code: FailureCode,
  nowMs: number,
): Thawing {
  const tries = (thawing.tries ?? 0) + 1;
  const againMs = nowMs + Math.min(RETRY_FIRST_MS * 2 ** (tries - 1), RETRY_MAX_MS);
  const deadlineMs = Date.parse(freeze.deadline);
  const retryAt = recordTime(nowMs < deadlineMs ? Math.min(againMs, deadlineMs) : againMs);
  return { ...thawing, tries, code, retryAt };
}

function isGivenUp({ tries = 0 }: Thawing): boolean {
  return tries >= TRIES_MAX;
}

function countedSoFar({ first, tries }: Thawing, by: string): Thawing {
  return { first: first ?? by, ...(tries === undefined ? {} : { tries }) };
}

function thawedOf({ by, nowMs, runs }: Omit<Undoer, 'mayFreezeYet'>, isClean: boolean): Thawed {
  return {
    ...{ by, at: recordTime(nowMs), isClean },
    ...(runs.length > RUNS_MAX ? {} : { runs: runs.map(withoutOutput) }),
  };
}

/** What the hooks of an undo gave, as far as the Lease tells; undefined where it does not. */
export function runsOfThaw(
  { freeze, thawing: { thawed } }: Pick<StoredFreeze, 'freeze' | 'thawing'>,
  self: string,
): HookRun[] | undefined {
  return thawed?.runs?.map((run, index) => {
    const { command } = freeze.undo[index] ?? {};
    return {
      ...run,
      ...(command === undefined ? {} : { command }),
      ...(thawed.by === self ? {} : { by: thawed.by }),
    };
  });
}

function withoutOutput(run: HookRun): HookRun {
  const kept = Object.entries(run).filter(([field]) => !LEFT_OUT.has(field));
  // The cast: a run need not have the fields that are left out.
  return Object.fromEntries(kept) as unknown as HookRun;
}

const LEFT_OUT = new Set([
  'command',
  'stdout',
  'stderr',
  'dropped',
] satisfies (keyof HookRun)[]) as ReadonlySet<string>;
