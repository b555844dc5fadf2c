import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { AdaptiveLimit } from '../../../activities/kubernetes/adaptive-limit.ts';

// Goal: as many requests are under way as the server takes well. Method: latencies that are told, not measured, and
// servers that answer within milliseconds and refuse what is too much.

const BOUNDS = { min: 2, start: 16, max: 64 };

/** Fills the limit, so that it may grow, and tells it latencies. */
async function answered(limit: AdaptiveLimit, latencies: readonly number[]): Promise<void> {
  for (const latencyMs of latencies) {
    await Promise.all(Array.from({ length: limit.width }, () => limit.run(() => sleep(0))));
    for (let count = limit.width; count > 0; count--) {
      limit.note(latencyMs);
    }
  }
}

function times(count: number, latencyMs: number): number[] {
  return Array.from({ length: count }, () => latencyMs);
}

test('while answers are as fast as they were the limit grows to its maximum', async () => {
  const limit = new AdaptiveLimit(BOUNDS);
  await answered(limit, times(10, 20));
  expect(limit.width).toBeGreaterThan(BOUNDS.start);
  await answered(limit, times(150, 20));
  expect(limit.width).toBe(BOUNDS.max);
});

test('answers that become much slower shrink the limit, and it grows again after that', async () => {
  const limit = new AdaptiveLimit(BOUNDS);
  await answered(limit, times(60, 20));
  const before = limit.width;
  await answered(limit, times(10, 400));
  const slow = limit.width;
  expect(slow).toBeLessThan(before / 1.5);
  await answered(limit, times(60, 20));
  expect(limit.width).toBeGreaterThan(slow);
});

test('a limit that is not used up does not grow', async () => {
  const limit = new AdaptiveLimit(BOUNDS);
  for (let count = 0; count < 1000; count++) {
    await limit.run(() => Promise.resolve());
    limit.note(20);
  }
  expect(limit.width).toBe(BOUNDS.start);
});

test('one throttled answer of many at a time halves the limit, and nothing is sent until the server said', async () => {
  const limit = new AdaptiveLimit(BOUNDS);
  const retryAfterMs = 50;
  const beforeMs = performance.now();
  for (let count = 0; count < 10; count++) {
    limit.throttled(retryAfterMs);
  }
  expect(limit.width).toBe(BOUNDS.start / 2);
  const sentMs = await limit.run(() => Promise.resolve(performance.now()));
  expect(sentMs - beforeMs).toBeGreaterThanOrEqual(retryAfterMs);
});

test('the limit keeps its minimum, and a pause ends with the signal', async () => {
  const limit = new AdaptiveLimit(BOUNDS);
  for (let count = 0; count < 10; count++) {
    limit.throttled(1);
    await sleep(2);
  }
  expect(limit.width).toBe(BOUNDS.min);
  limit.throttled(3_600_000);
  const reason = new Error('cancelled');
  await expect(limit.run(() => Promise.resolve(), AbortSignal.abort(reason))).rejects.toThrow();
});

test('a server with few places refuses fewer requests than one that is always asked by as many', async () => {
  const places = 8;
  const limit = new AdaptiveLimit(BOUNDS);
  let underWay = 0;
  let refused = 0;
  const ask = async (): Promise<boolean> => {
    if (underWay >= places) {
      refused += 1;
      return false;
    }
    underWay += 1;
    await sleep(1);
    underWay -= 1;
    return true;
  };
  const done = Array.from({ length: 400 }, async () => {
    while (!(await limit.run(ask))) {
      limit.throttled(2);
    }
  });
  await Promise.all(done);
  // Each pause costs at most the requests that were sent at once.
  expect(refused).toBeLessThan(40);
  expect(limit.width).toBeLessThanOrEqual(places);
});
