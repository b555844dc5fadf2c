/** How long what was seen of a thing is shown again. */
const FRESH_MS = 1000;
/** Things that are kept at the same time; the one that was looked at longest ago makes room. */
const THINGS_MAX = 2000;

interface Look<Seen> {
  /** When it began. */
  readonly at: number;
  readonly seen: Promise<Seen>;
}

/** Looks at things for many who watch them: as long as a look is fresh, it is everybody's. */
export class SharedLooks<Seen> {
  readonly #isKept: (seen: Seen) => boolean;
  readonly #looks = new Map<string, Look<Seen>>();

  /** Only what is worth keeping is shown again; failures never are, but to those who asked meanwhile. */
  constructor(isKept: (seen: Seen) => boolean) {
    this.#isKept = isKept;
  }

  /** What a look shows that began lately, or at a time or after it, as `performance.now()` tells it. */
  look(id: string, look: () => Promise<Seen>, since = performance.now() - FRESH_MS): Promise<Seen> {
    const last = this.#looks.get(id);
    if (last !== undefined && last.at >= since) {
      return last.seen;
    }
    const next = { at: performance.now(), seen: look() };
    this.#looks.delete(id);
    this.#looks.set(id, next);
    this.#makeRoom();
    const forget = (): void => {
      if (this.#looks.get(id) === next) {
        this.#looks.delete(id);
      }
    };
    next.seen.then((seen) => {
      if (!this.#isKept(seen)) {
        forget();
      }
    }, forget);
    return next.seen;
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
