import { expect, test } from 'vitest';

import { longestPauseMs } from '../../../api/schedules/longest-pause.ts';

const HOUR_MS = 3_600_000;
/** A Tuesday. */
const NOW_MS = Date.parse('2026-03-03T12:00:00Z');

test.each([
  ['0 1 * * *', 24],
  ['@daily', 24],
  ['@hourly', 1],
  ['@every 6h', 6],
  ['CRON_TZ=Asia/Tokyo 0 1 * * *', 24],
  // From Friday to Monday.
  ['0 1 * * 1-5', 72],
  // From Friday at 17:55 to Monday at 9:00.
  ['*/5 9-17 * * 1-5', 63 + 5 / 60],
  ['0 0 1 * *', 30 * 24],
  ['0 0 1 1 *', 365 * 24],
])('the longest pause of "%s" has %d hours', (text, hours) => {
  expect(longestPauseMs(text, 'UTC', NOW_MS)).toBeCloseTo(hours * HOUR_MS, 0);
});

test('where a day has 25 hours, the pause over it has as many', () => {
  const beforeMs = Date.parse('2026-10-20T12:00:00Z');
  expect(longestPauseMs('0 1 * * *', 'Europe/Berlin', beforeMs)).toBe(25 * HOUR_MS);
});

test('a time that never comes has no pause', () => {
  expect(longestPauseMs('0 0 30 2 *', 'UTC', NOW_MS)).toBeUndefined();
});
