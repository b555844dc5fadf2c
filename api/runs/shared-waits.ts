import { setTimeout as sleep } from 'node:timers/promises';

/** How long one waits for the end of something, and no longer than whoever it is for. */
interface Patience {
  readonly waitMs: number;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Waits for ends for many who wait for the same: one of them asks, and all hear it. */
export class SharedWaits {
  readonly #waits = new Map<string, Promise<number>>();

  /**
   * Until the end has come, the patience is over, or the wait of the others is. Gives when the wait was over, as
   * `performance.now()` tells it; undefined where it goes on for others. `wait` must not fail.
   */
  async join(
    id: string,
    wait: () => Promise<void>,
    { waitMs, signal }: Patience,
  ): Promise<number | undefined> {
    const shared = this.#waits.get(id) ?? this.#begin(id, wait);
    const over = new AbortController();
    const left = sleep(waitMs, undefined, { signal: AbortSignal.any([signal, over.signal]) });
    const endedAt = await Promise.race([shared, left.catch(() => undefined)]);
    over.abort();
    return endedAt;
  }

  #begin(id: string, wait: () => Promise<void>): Promise<number> {
    const shared = wait().then(() => {
      this.#waits.delete(id);
      return performance.now();
    });
    this.#waits.set(id, shared);
    return shared;
  }
}
