import { expect, test } from 'vitest';

import { restoreResult } from '../../../domain/restore/restore-result.ts';
import { NO_RESTORE_COUNTS } from '../../../domain/restore.ts';

const times = { startTimestamp: 'a', completionTimestamp: 'b' };
const failure = { code: 'internal', message: 'x' } as const;

test.each([
  { ending: { kind: 'applied' }, failed: 0, phase: 'Completed', errors: 0 },
  { ending: { kind: 'applied' }, failed: 2, phase: 'PartiallyFailed', errors: 2 },
  { ending: { kind: 'cancelled' }, failed: 2, phase: 'Cancelled', errors: 2 },
  { ending: { kind: 'failed', failure }, failed: 2, phase: 'Failed', errors: 3 },
] as const)('$ending.kind with $failed failed items is $phase', ({ ending, failed, ...rest }) => {
  const counts = { ...NO_RESTORE_COUNTS, created: 5, skipped: 1, failed };
  const items = 6 + failed;
  const result = restoreResult(ending, { counts, warnings: 3 }, times);
  expect(result).toMatchObject({ ...rest, items, warnings: 3 });
});

test('hooks are counted, and those that must not fail are errors', () => {
  const numbers = { counts: NO_RESTORE_COUNTS, warnings: 1, failedHooks: 1 };
  const hooks = { attempted: 3, failed: 2 };
  const result = restoreResult({ kind: 'applied' }, { ...numbers, hooks }, times);
  expect(result).toMatchObject({ phase: 'PartiallyFailed', errors: 1, hooks });
  expect(restoreResult({ kind: 'applied' }, numbers, times)).not.toHaveProperty('hooks');
});
