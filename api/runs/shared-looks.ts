import { setTimeout as sleep } from 'node:timers/promises';

/** How long what was seen of a thing is shown again, without another look. */
const FRESH_MS = 1000;
/** How long it is shown at once while the next look is under way. */
const SHOWN_MS = 2000;
/** How long it is shown while the next look is a slow one, which is waited for a little. */
const SHOWN_SLOW_MS = 10_000;
const PATIENCE_MS = 50;
/** Things that are kept at the same time; the one that was looked at longest ago makes room. */
const THINGS_MAX = 2000;

interface Look<Seen> {
  /** When it began. */
  readonly at: number;
  readonly seen: Promise<Seen>;
  /** The look before, until this one has seen something. */
  before: Look<Seen> | undefined;
}

/**
 * Looks at things for many who watch them: as long as a look is fresh, it is everybody's, and who watches does not wait
 * for the next one, but is shown what the last one saw.
 */
export class SharedLooks<Seen> {
  readonly #isKept: (seen: Seen) => boolean;
  readonly #looks = new Map<string, Look<Seen>>();

  /** Only what is worth keeping is shown again; failures never are, but to those who asked meanwhile. */
  constructor(isKept: (seen: Seen) => boolean) {
    this.#isKept = isKept;
  }

  /**
   * What a look shows that began two seconds ago at most, or ten where the next one is slow; or, with `since`, at that
   * time or after it, as `performance.now()` tells it.
   */
  look(id: string, look: () => Promise<Seen>, since?: number): Promise<Seen> {
    const now = performance.now();
    const last = this.#looks.get(id);
    const next =
      last !== undefined && last.at >= (since ?? now - FRESH_MS) ? last : this.#begin(id, look);
    const shown = since === undefined ? next.before : undefined;
    if (shown === undefined || shown.at < now - SHOWN_SLOW_MS) {
      return next.seen;
    }
    return shown.at >= now - SHOWN_MS ? shown.seen : soonOr(next.seen, shown.seen);
  }

  /**
   * What a look shows that begins from now on, for those who take nothing that was seen before. However many they are,
   * it begins a second after the last one at the earliest, and is everybody's.
   */
  async next(id: string, look: () => Promise<Seen>): Promise<Seen> {
    const since = performance.now();
    const last = this.#looks.get(id);
    if (last !== undefined) {
      await sleep(last.at + FRESH_MS - since);
    }
    return this.look(id, look, since);
  }

  #begin(id: string, look: () => Promise<Seen>): Look<Seen> {
    const last = this.#looks.get(id);
    // Of looks that follow each other faster than they see something, the last that saw something is shown.
    const before = last?.before ?? last;
    const next: Look<Seen> = { at: performance.now(), seen: look(), before };
    this.#looks.delete(id);
    this.#looks.set(id, next);
    this.#makeRoom();
    const forget = (): void => {
      if (this.#looks.get(id) === next) {
        this.#looks.delete(id);
      }
    };
    next.seen.then((seen) => {
      next.before = undefined;
      if (!this.#isKept(seen)) {
        forget();
      }
    }, forget);
    return next;
  }

  /** Whoever looks next sees what is there then. */
  forget(id: string): void {
    this.#looks.delete(id);
  }

  #makeRoom(): void {
    for (const oldest of this.#looks.keys()) {
      if (this.#looks.size <= THINGS_MAX) {
        return;
      }
      this.#looks.delete(oldest);
    }
  }
}

/** What is seen soon, or else what was seen before. */
function soonOr<Seen>(next: Promise<Seen>, before: Promise<Seen>): Promise<Seen> {
  return Promise.race([next, sleep(PATIENCE_MS).then(() => before)]);
}
