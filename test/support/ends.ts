/** How a test ends what it has started, the last part first; each is ended even where another one cannot be. */
export class Ends {
  readonly #ends: (() => Promise<unknown>)[] = [];

  add(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }

  /** Ends all that was added. Rejects with all that went wrong. */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (const end of this.#ends.splice(0).reverse()) {
      await end().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) {
      throw new AggregateError(errors, `not ended: ${errors.map(String).join('; ')}`);
    }
  }
}
