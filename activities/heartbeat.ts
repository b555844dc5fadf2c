import { Context } from '@temporalio/activity';

import type { ActivityWait, HeartbeatProgress } from '../domain/run-status.ts';

/** How often a long activity says that it lives, and learns that it is cancelled. */
const HEARTBEAT_MS = 2000;

/** Says that the activity waits for something; what it gives says that the wait is over. */
export type BeginWait = (wait: ActivityWait) => () => void;

/** What a long activity works with. */
export interface LongWork {
  /** Aborted when the activity is cancelled, timed out or its worker shuts down. */
  readonly signal: AbortSignal;
  /** Tells how far the activity is, and maybe what it waits for until it tells more; the next heartbeat carries it. */
  readonly report: (progress: HeartbeatProgress) => void;
  /** Of several waits at the same time the heartbeat carries the one that began first. */
  readonly wait: BeginWait;
  /** 1 for the first. */
  readonly attempt: number;
  /** What the attempt before this one waited for when it was last heard of. */
  readonly waitedFor: ActivityWait | undefined;
}

/**
 * Runs the body of a long activity with a heartbeat from a timer. When the activity is cancelled, the
 * cancellation is what ends it, whatever the interrupted work throws. `begin` is told before the work tells anything.
 */
export async function withHeartbeat<Result>(
  work: (long: LongWork) => Promise<Result>,
  begin: HeartbeatProgress = { itemsDone: 0, bytesDone: 0 },
): Promise<Result> {
  const context = Context.current();
  const signal = context.cancellationSignal;
  // The heartbeats of an activity are those of its earlier attempts.
  const waitedFor = (context.info.heartbeatDetails as HeartbeatProgress | undefined)?.waitingFor;
  let progress = begin;
  const waits = new Set<ActivityWait>();
  const beat = (): void => {
    const [waitingFor] = waits;
    context.heartbeat({ ...progress, ...(waitingFor === undefined ? {} : { waitingFor }) });
  };
  // What was waited for stays known until this attempt has got as far as the one before it.
  context.heartbeat({ ...progress, ...(waitedFor === undefined ? {} : { waitingFor: waitedFor }) });
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    return await work({
      signal,
      report: (next) => {
        progress = next;
      },
      wait: (wait) => {
        waits.add(wait);
        return () => {
          waits.delete(wait);
        };
      },
      attempt: context.info.attempt,
      waitedFor,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
  }
}
