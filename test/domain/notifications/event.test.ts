import { expect, test } from 'vitest';

import {
  endedEvent,
  locationEvent,
  nameOfEvent,
  startedEvent,
  type ToldRun,
} from '../../../domain/notifications/event.ts';
import { utf8Size } from '../../../domain/utf8-size.ts';

const RUN: ToldRun = {
  ...{ kind: 'Backup', cluster: 'local', location: 'default', name: 'shop' },
  ...{ uid: '0b7e7d1c-9d3c-4a55-9a3f-0a3f3a1b2c4d', startTimestamp: '2026-03-01T10:00:00Z' },
};
const BYTES_MAX = 20_000;

test('an event has the eight attributes of CloudEvents, and says which run it is about', () => {
  expect(startedEvent(RUN)).toEqual({
    specversion: '1.0',
    id: `${RUN.uid}-started`,
    source: '/clusters/local/locations/default',
    type: 'io.holdfast.backup.started.v1',
    subject: 'backups/shop',
    time: '2026-03-01T10:00:00Z',
    datacontenttype: 'application/json',
    data: {
      ...{ cluster: 'local', location: 'default', name: 'shop', uid: RUN.uid },
      startTimestamp: RUN.startTimestamp,
    },
  });
});

test.each([
  ['Completed', 'backup.completed'],
  ['PartiallyFailed', 'backup.partiallyfailed'],
  ['Failed', 'backup.failed'],
  ['Cancelled', 'backup.cancelled'],
] as const)('a backup that is %s is told of as %s, under the one id of its end', (phase, name) => {
  const event = endedEvent(RUN, { phase, completionTimestamp: '2026-03-01T11:00:00Z' });
  expect(nameOfEvent(event)).toBe(name);
  expect(event.id).toBe(`${RUN.uid}-ended`);
  expect(event.data.phase).toBe(phase);
});

test('an event stays small, however much a failure has to say', () => {
  const event = endedEvent(
    { ...RUN, kind: 'Restore', name: 'n'.repeat(253), backup: 'b'.repeat(253) },
    {
      ...{ phase: 'Failed', completionTimestamp: '2026-03-01T11:00:00Z' },
      failure: { code: 'internal', message: '\u0001'.repeat(100_000), subject: 'not told' },
    },
  );
  expect(utf8Size(JSON.stringify(event))).toBeLessThan(BYTES_MAX);
  expect(event.data.failure).not.toHaveProperty('subject');
});

test('a location that is away for long is told of once a day', () => {
  const failure = { code: 'location-unreachable', message: 'no answer' } as const;
  const at = (time: string) =>
    locationEvent({ cluster: 'local', location: 'vault', failure }, time).id;
  expect(at('2026-03-01T01:00:00Z')).toBe(at('2026-03-01T23:00:00Z'));
  expect(at('2026-03-01T01:00:00Z')).not.toBe(at('2026-03-02T01:00:00Z'));
});
