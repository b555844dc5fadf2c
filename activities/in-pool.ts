/**
 * Runs a function for every element of a stream, or of a list, at most `width` at a time. The first failure stops the stream
 * and is thrown when what is under way has ended.
 */
export async function forEachInPool<Element>(
  stream: AsyncIterable<Element> | Iterable<Element>,
  width: number,
  run: (element: Element) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  let underWay = 0;
  let wake: () => void = () => undefined;
  const start = async (element: Element): Promise<void> => {
    underWay += 1;
    try {
      await run(element);
    } catch (error) {
      failures.push(error);
    } finally {
      underWay -= 1;
      wake();
    }
  };
  /** Waits until fewer than a number are under way. */
  const fewerThan = async (count: number): Promise<void> => {
    while (underWay >= count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  try {
    for await (const element of stream) {
      void start(element);
      await fewerThan(width);
      if (failures.length > 0) {
        break;
      }
    }
  } finally {
    await fewerThan(1);
  }
  if (failures.length > 0) {
    throw failures[0];
  }
}
