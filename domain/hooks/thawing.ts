import { recordTime } from '../duration.ts';
import type { FailureCode } from '../failure.ts';
import type { StoredFreeze, Thawing } from './freeze.ts';

/** Pause after an undo that failed, doubled until the maximum. */
const RETRY_FIRST_MS = 5000;
const RETRY_MAX_MS = 5 * 60_000;
/** Tries of an undo; with their pauses they take a day. */
const TRIES_MAX = 293;

/** How one undo of a freeze ended: it succeeded, there is nothing to undo any more, or why it failed. */
export type UndoEnd = 'clean' | 'gone' | FailureCode;

/** Who ran an undo, and when it ended. */
interface Undoer {
  readonly by: string;
  readonly nowMs: number;
  /** Whether a pre hook may freeze something after it. */
  readonly mayFreezeYet: boolean;
}

/** How far the undo of a freeze is when it was run. Whoever comes next need not wait for one that has failed. */
export function afterUndo(
  { freeze, thawing }: StoredFreeze,
  end: UndoEnd,
  { by, nowMs, mayFreezeYet }: Undoer,
): Thawing {
  const { first = by, tries } = thawing;
  const counted = { first, ...(tries === undefined ? {} : { tries }) };
  const thawed = { by, at: recordTime(nowMs), isClean: end === 'clean' };
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
