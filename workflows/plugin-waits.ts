import { CancellationScope, isCancellation } from '@temporalio/workflow';

import { isHistoryFull } from './history-length.ts';

/** Waits of one workflow that are given up together when its history is full, so that they go on in its next run. */
export class Waits {
  readonly #scopes = new Set<CancellationScope>();
  #areOver = false;

  /** Waits for something; undefined when that was given up. */
  async until<Result>(wait: () => Promise<Result>): Promise<Result | undefined> {
    if (this.#isOver()) {
      return undefined;
    }
    const scope = new CancellationScope();
    this.#scopes.add(scope);
    try {
      return await scope.run(wait);
    } catch (error) {
      const isOurs = this.#isOver() && !CancellationScope.current().consideredCancelled;
      if (isOurs && isCancellation(error)) {
        return undefined;
      }
      throw error;
    } finally {
      this.#scopes.delete(scope);
    }
  }

  /** Gives all waits up if the history is full. */
  look(): void {
    if (!this.#isOver() && isHistoryFull()) {
      this.#areOver = true;
      this.#scopes.forEach((scope) => {
        scope.cancel();
      });
    }
  }

  #isOver(): boolean {
    return this.#areOver;
  }
}
