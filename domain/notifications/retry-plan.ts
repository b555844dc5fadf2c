/** How often, and with what pauses, the delivery of an event is tried. */
export interface RetryPlan {
  readonly attempts: number;
  /** Pause before the second attempt; each one after it is `GROWTH` times as long, until the maximum. */
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Three days in all. */
export const RETRY_PLAN: RetryPlan = { attempts: 16, firstMs: 5000, maxMs: 8 * 3_600_000 };
/** For an endpoint that has let an event go by: enough to see that it is back, so that nothing heaps up. */
export const FAILING_RETRY_PLAN: RetryPlan = { ...RETRY_PLAN, attempts: 4 };

/** For a test, to whose answer somebody waits. */
export const TEST_PLAN: RetryPlan = { ...RETRY_PLAN, attempts: 1 };

export const GROWTH = 4;
/** Part of a pause by which it is made longer at random: those who wait for one receiver do not come back as one. */
const JITTER = 0.25;

/**
 * The pause after an attempt that failed, the first one having the number 1. `random` is from 0 to 1; `askedMs` is how long
 * the receiver asked to be left alone.
 */
export function pauseMs(
  { firstMs, maxMs }: RetryPlan,
  { attempt, random, askedMs = 0 }: { attempt: number; random: number; askedMs?: number },
): number {
  const grownMs = Math.min(firstMs * GROWTH ** (attempt - 1), maxMs);
  return Math.round(Math.max(grownMs, Math.min(askedMs, maxMs)) * (1 + JITTER * random));
}
