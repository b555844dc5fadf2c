/** A worker asks for work at least so often; the server remembers those that are gone for longer. */
const POLLER_AGE_MAX_MS = 75_000;

/** A worker that Temporal tells of; seconds since 1970, as a number or as what can be turned into one. */
export interface Poller {
  readonly identity?: string | null;
  readonly lastAccessTime?: { readonly seconds?: unknown } | null;
}

/** Whether any of the workers that have asked a task queue for work is alive. */
export function isAnyAlive(pollers: readonly Poller[], nowMs: number): boolean {
  return countAlive(pollers, nowMs) > 0;
}

/** How many workers that have asked a task queue for work are alive; one may ask several times at once. */
export function countAlive(pollers: readonly Poller[], nowMs: number): number {
  const alive = pollers.filter(
    ({ lastAccessTime }) => nowMs - Number(lastAccessTime?.seconds ?? 0) * 1000 < POLLER_AGE_MAX_MS,
  );
  return new Set(alive.map(({ identity }) => identity)).size;
}
