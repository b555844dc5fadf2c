import { expect, test } from 'vitest';

import type { LocationCheck } from '../../../domain/location-check.ts';
import { healthOf } from '../../../domain/locations/location-health.ts';

const [FIRST, SECOND] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'] as const;

function failed(name: LocationCheck['name']): LocationCheck {
  return { name, result: 'failed', failure: { code: 'location-forbidden', message: 'no' } };
}

test.each([
  ['Available', [{ name: 'put', result: 'ok' }], 'True', 'each operation works'],
  ['Degraded', [failed('clock')], 'True', 'clock: no'],
  ['Unavailable', [failed('put'), { name: 'get', result: 'skipped' }], 'False', 'put: no'],
  [
    ...(['Unavailable', [failed('put'), failed('get'), failed('head'), failed('list')]] as const),
    ...(['False', 'put: no; get: no; head: no; 1 more'] as const),
  ],
] as const)(
  'a location that is %s is told by a condition',
  (phase, checks, ...[status, message]) => {
    expect(healthOf(checks, { checkedAt: FIRST, generation: 4 })).toEqual({
      ...{ phase, checkedAt: FIRST, observedGeneration: 4 },
      conditions: [
        { type: 'Available', status, reason: phase, message, lastTransitionTime: FIRST },
      ],
    });
  },
);

test('a condition has the time from when on its status was what it is', () => {
  const before = healthOf([], { checkedAt: FIRST });
  const timeAfter = (checks: readonly LocationCheck[]) =>
    healthOf(checks, { checkedAt: SECOND, before }).conditions[0]?.lastTransitionTime;
  expect(timeAfter([failed('clock')])).toBe(FIRST);
  expect(timeAfter([failed('put')])).toBe(SECOND);
  expect(before).not.toHaveProperty('observedGeneration');
});
