import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; throws the reason of the signal when that is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  // What sleep itself throws wraps the reason.
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
