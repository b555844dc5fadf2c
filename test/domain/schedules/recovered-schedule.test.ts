import { expect, test } from 'vitest';

import { isMeant, recoveredSchedule } from '../../../domain/schedules/recovered-schedule.ts';
import { SCHEDULE_DEFAULTS, type StoredSchedule } from '../../../domain/schedules/schedule.ts';

const TEMPLATE = { cluster: 'lost', includedNamespaces: [], excludedNamespaces: [], ttl: '0s' };

function schedule(spec: Partial<StoredSchedule['spec']> = {}): StoredSchedule {
  return {
    ...{ version: 1, kind: 'Schedule', name: 'nightly', uid: 'uid', generation: 3 },
    creationTimestamp: '2026-11-01T00:00:00Z',
    spec: {
      ...{ ...SCHEDULE_DEFAULTS, schedule: '@daily', location: 'default', paused: false },
      template: TEMPLATE,
      ...spec,
    },
  };
}

test('a schedule comes back as it was, unless something is asked for', () => {
  const stored = schedule();
  expect(recoveredSchedule(stored, { location: 'default' })).toBe(stored);
  expect(recoveredSchedule(stored, { location: 'default', asCluster: 'lost' })).toBe(stored);
});

test('it comes back paused, for another cluster, and of the location it was found in', () => {
  const request = { location: 'vault', asCluster: 'new', paused: true };
  const { generation, spec } = recoveredSchedule(schedule(), request);
  expect(generation).toBe(4);
  expect(spec).toEqual({
    ...{ ...schedule().spec, location: 'vault', paused: true },
    template: { ...TEMPLATE, cluster: 'new' },
    note: expect.stringContaining('recovered') as string,
  });
});

test('one that was paused keeps its note, and is not let go', () => {
  const stored = schedule({ paused: true, note: 'moving house' });
  for (const paused of [true, false]) {
    expect(recoveredSchedule(stored, { location: 'default', paused })).toBe(stored);
  }
});

test('a request means the schedules of its cluster, or all', () => {
  const meant = [{}, { cluster: 'lost' }, { cluster: 'other' }].map((request) =>
    isMeant(schedule(), request),
  );
  expect(meant).toEqual([true, true, false]);
});
