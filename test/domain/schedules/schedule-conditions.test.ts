import { expect, test } from 'vitest';

import type { StoredSchedule } from '../../../domain/schedules/schedule.ts';
import {
  scheduleConditions,
  type ToldSchedule,
} from '../../../domain/schedules/schedule-conditions.ts';

// Goal: a program sees from the conditions whether a schedule is acted on as it is kept, and whether it is paused.

const TOLD: ToldSchedule = { generation: 3, isPaused: false, changedAt: '2026-01-02T00:00:00Z' };

function shown(
  told: ToldSchedule | undefined,
  { paused = false, note, ...more }: Partial<StoredSchedule & StoredSchedule['spec']> = {},
) {
  // Nothing else is looked at.
  const spec = { paused, ...(note === undefined ? {} : { note }) } as StoredSchedule['spec'];
  const stored = { generation: 3, creationTimestamp: '2026-01-01T00:00:00Z', spec, ...more };
  return scheduleConditions(stored, told).map(({ type, status, reason, ...rest }) => ({
    is: `${type} ${status} ${reason}`,
    ...rest,
  }));
}

test.each([
  ['acted on as it is kept', [TOLD], 'Ready True Accepted, Paused False Enabled'],
  [
    'paused',
    [{ ...TOLD, isPaused: true }, { paused: true }],
    'Ready True Accepted, Paused True Paused',
  ],
  [
    'paused in Temporal alone',
    [{ ...TOLD, isPaused: true }],
    'Ready False OutOfDate, Paused True Paused',
  ],
  [
    'changed, and Temporal not told',
    [{ ...TOLD, generation: 2 }],
    'Ready False OutOfDate, Paused False Enabled',
  ],
  [
    'told without its generation',
    [{ ...TOLD, generation: undefined }],
    'Ready False OutOfDate, Paused False Enabled',
  ],
  ['lost by Temporal', [undefined], 'Ready False Missing, Paused Unknown Missing'],
  [
    'being deleted',
    [TOLD, { deletionTimestamp: '2026-01-03T00:00:00Z' }],
    'Ready False Deleting, Paused False Enabled',
  ],
] as const)('a schedule that is %s', (_what, [told, stored], conditions) => {
  expect(
    shown(told, stored)
      .map(({ is }) => is)
      .join(', '),
  ).toBe(conditions);
});

test('a condition has the time of the last change, and says why it is paused', () => {
  const times = (...shownOf: Parameters<typeof shown>) =>
    new Set(shown(...shownOf).map(({ lastTransitionTime }) => lastTransitionTime));
  expect(times(TOLD)).toEqual(new Set(['2026-01-02T00:00:00Z']));
  expect(times(undefined)).toEqual(new Set(['2026-01-01T00:00:00Z']));
  const deletionTimestamp = '2026-01-03T00:00:00Z';
  expect(times(TOLD, { deletionTimestamp })).toEqual(new Set([deletionTimestamp]));
  const [, paused] = shown({ ...TOLD, isPaused: true }, { paused: true, note: 'we move' });
  expect(paused?.message).toBe('we move');
  const [outOfDate] = shown({ ...TOLD, generation: 2 });
  expect(outOfDate?.message).toContain('generation 2 of 3');
});
