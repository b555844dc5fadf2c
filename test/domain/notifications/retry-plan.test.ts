import { expect, test } from 'vitest';

import {
  FAILING_RETRY_PLAN,
  pauseMs,
  RETRY_PLAN,
  type RetryPlan,
} from '../../../domain/notifications/retry-plan.ts';

const HOUR_MS = 3_600_000;

function sumMs(plan: RetryPlan, random: number): number {
  const pauses = Array.from({ length: plan.attempts - 1 }, (_, index) =>
    pauseMs(plan, { attempt: index + 1, random }),
  );
  return pauses.reduce((sum, ms) => sum + ms, 0);
}

test('an event is tried for three days, and no longer than four', () => {
  expect(sumMs(RETRY_PLAN, 0)).toBeGreaterThan(70 * HOUR_MS);
  expect(sumMs(RETRY_PLAN, 1)).toBeLessThan(96 * HOUR_MS);
});

test('an endpoint that has let an event go by is tried for minutes', () => {
  expect(sumMs(FAILING_RETRY_PLAN, 1)).toBeLessThan(HOUR_MS / 12);
});

test('a pause grows, is spread by chance, and is as long as the receiver asks', () => {
  expect(pauseMs(RETRY_PLAN, { attempt: 1, random: 0 })).toBe(5000);
  expect(pauseMs(RETRY_PLAN, { attempt: 2, random: 0 })).toBe(20_000);
  expect(pauseMs(RETRY_PLAN, { attempt: 2, random: 1 })).toBe(25_000);
  expect(pauseMs(RETRY_PLAN, { attempt: 1, random: 0, askedMs: 60_000 })).toBe(60_000);
  expect(pauseMs(RETRY_PLAN, { attempt: 1, random: 0, askedMs: 1e12 })).toBe(8 * HOUR_MS);
});
