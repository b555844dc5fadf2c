/**
 * Runs a function for every item, at most `width` at a time, and gives the results in the order of the items.
 * The first failure is thrown when what is under way has ended, and nothing new begins after it.
 */
export async function inPool<Item, Result>(
  items: readonly Item[],
  width: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  let next = 0;
  async function lane(): Promise<void> {
    for (let index = next++; index < items.length && failures.length === 0; index = next++) {
      try {
        // The index is below the length, so there is an item.
        results[index] = await run(items[index] as Item);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  if (failures.length > 0) {
    throw failures[0];
  }
  return results;
}
