import { CancelledFailure } from '@temporalio/common';
import { beforeEach, expect, test, vi } from 'vitest';

import { inPool, inPoolUntil } from '../../workflows/pool.ts';

// Goal: a pool whose run is lost does not wait for what goes on in it. Method: a scope that only this test cancels, in the
// place of the one of the SDK, which is there in workflows alone.

const scope = vi.hoisted(() => {
  const state = { controller: new AbortController() };
  return {
    state,
    cancel: () => {
      state.controller.abort();
    },
  };
});

vi.mock('@temporalio/workflow', () => {
  const isCancellation = (error: unknown) => error instanceof CancelledFailure;
  const { cancel } = scope;
  const CancellationScope = {
    cancellable: (run: () => unknown) => run(),
    current: () => ({ cancel }),
  };
  return { CancellationScope, isCancellation, patched: () => true };
});

beforeEach(() => {
  scope.state.controller = new AbortController();
});

/** Ends when the scope is cancelled, as an activity does. */
function endless(): Promise<never> {
  return new Promise((_, reject) => {
    scope.state.controller.signal.addEventListener('abort', () => {
      reject(new CancelledFailure('cancelled'));
    });
  });
}

test('results come in the order of the items, and no more run at a time than are allowed', async () => {
  let [running, most] = [0, 0];
  const results = await inPool([3, 1, 2], 2, async (item) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, item));
    running -= 1;
    return item * 10;
  });
  expect(results).toEqual([30, 10, 20]);
  expect(most).toBe(2);
});

test('the first failure cancels what is under way, begins nothing new, and is what is thrown', async () => {
  const begun: number[] = [];
  const pool = inPool([0, 1, 2], 2, (item) => {
    begun.push(item);
    return item === 1 ? Promise.reject(new Error('the store is away')) : endless();
  });
  await expect(pool).rejects.toThrow('the store is away');
  expect(begun).toEqual([0, 1]);
});

test('a pool that is full ends what is under way, and gives what it has done', async () => {
  let done = 0;
  const results = await inPoolUntil(
    [1, 2, 3, 4, 5],
    { width: 2, isFull: () => done >= 2 },
    (item) => {
      done += 1;
      return Promise.resolve(item);
    },
  );
  expect(results).toEqual([1, 2]);
});

test('a pool that is full from the beginning gets on all the same', async () => {
  const pool = { width: 2, isFull: () => true };
  expect(await inPoolUntil([1, 2], pool, (item) => Promise.resolve(item))).toEqual([1]);
});
