import { Context } from '@temporalio/activity';

import type { HeartbeatProgress } from '../domain/run-status.ts';

/** How often a long activity says that it lives, and learns that it is cancelled. */
const HEARTBEAT_MS = 2000;

/** What a long activity works with. */
export interface LongWork {
  /** Aborted when the activity is cancelled, timed out or its worker shuts down. */
  readonly signal: AbortSignal;
  /** Tells how far the activity is; the next heartbeat carries it. */
  readonly report: (progress: HeartbeatProgress) => void;
}

/**
 * Runs the body of a long activity with a heartbeat from a timer. When the activity is cancelled, the
 * cancellation is what ends it, whatever the interrupted work throws.
 */
export async function withHeartbeat<Result>(
  work: (long: LongWork) => Promise<Result>,
): Promise<Result> {
  const context = Context.current();
  const signal = context.cancellationSignal;
  let progress: HeartbeatProgress = { itemsDone: 0, bytesDone: 0 };
  context.heartbeat(progress);
  const timer = setInterval(() => {
    context.heartbeat(progress);
  }, HEARTBEAT_MS);
  try {
    return await work({
      signal,
      report: (next) => {
        progress = next;
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
  }
}
