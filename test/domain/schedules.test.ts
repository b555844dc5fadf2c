import { expect, test } from 'vitest';

import { isScheduledName, scheduledName } from '../../domain/schedules/schedule.ts';

// Goal: the name of a backup tells its schedule and its time, as Velero's do. Method: a table.

test('a backup is named after its schedule and the time in UTC', () => {
  expect(scheduledName('nightly', Date.parse('2026-11-24T01:30:05.7+01:00'))).toBe(
    'nightly-20261124003005',
  );
});

test.each([
  ['nightly-20261124003005', true],
  ['nightly-20261124003005-2', true],
  ['nightly-20261124', false],
  ['nightly-20261124003005-b', false],
  ['nightly-b-20261124003005', false],
  ['nightly', false],
])('%s is a name that nightly gives: %s', (name, isGiven) => {
  expect(isScheduledName('nightly', name)).toBe(isGiven);
});
