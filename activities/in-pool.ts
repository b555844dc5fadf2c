/**
 * Runs a function for every element of a stream, at most `width` at a time. The first failure stops the stream
 * and is thrown when what is under way has ended.
 */
export async function forEachInPool<Element>(
  stream: AsyncIterable<Element>,
  width: number,
  run: (element: Element) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  try {
    for await (const element of stream) {
      const task: Promise<void> = run(element)
        .catch((error: unknown) => {
          failures.push(error);
        })
        .finally(() => {
          underWay.delete(task);
        });
      underWay.add(task);
      if (underWay.size >= width) {
        await Promise.race(underWay);
      }
      if (failures.length > 0) {
        break;
      }
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failures.length > 0) {
    throw failures[0];
  }
}
