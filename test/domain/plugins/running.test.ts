import { expect, test } from 'vitest';

import { nextPause } from '../../../domain/plugins/running.ts';

const WEEK_MS = 7 * 24 * 3_600_000;

test('a plugin that answers while its operations run is asked some dozens of times in a week', () => {
  let [asked, pauseMs] = [0, 0];
  for (let waitedMs = 0; waitedMs < WEEK_MS; waitedMs += pauseMs) {
    pauseMs = nextPause(pauseMs);
    asked += 1;
    // What has ended meanwhile is noticed before long.
    expect(pauseMs).toBeLessThanOrEqual(30_000 + waitedMs / 3);
  }
  expect(asked).toBeLessThan(50);
});
