import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';

export interface Pool {
  /** How many run at a time at most. */
  readonly width: number;
  /** Nothing new begins when it says so. */
  readonly isFull: () => boolean;
}

/**
 * Runs a function for every item, at most `width` at a time, and gives the results in the order of the items. After the
 * first failure nothing new begins and what is under way is cancelled; the failure is thrown when all of it has ended.
 */
export function inPool<Item, Result>(
  items: readonly Item[],
  width: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  return inPoolUntil(items, { width, isFull: () => false }, run);
}

/** The same for as many items as there is room for, one at least: results are those of the first items. */
export function inPoolUntil<Item, Result>(
  items: readonly Item[],
  { width, isFull }: Pool,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  return CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const results: Result[] = [];
    const failures: unknown[] = [];
    let next = 0;
    const isOpen = (): boolean =>
      next < items.length && failures.length === 0 && (next === 0 || !isFull());
    async function lane(): Promise<void> {
      while (isOpen()) {
        const index = next++;
        try {
          // The index is below the length, so there is an item.
          results[index] = await run(items[index] as Item);
        } catch (error) {
          const isFirst = failures.push(error) === 1;
          if (isFirst && !isCancellation(error) && patched('pool-cancels')) {
            scope.cancel();
          }
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
    if (failures.length > 0) {
      throw failures[0];
    }
    return results;
  });
}
