import { expect, test } from 'vitest';

import { RequestFailure } from '../../../api/errors.ts';
import { scheduleSpec } from '../../../api/schedules/spec.ts';
import type { CreateScheduleRequest } from '../../../domain/api-resource.ts';

// Goal: what a request leaves out has its default, and all that is wrong with one is told. Method: specs by hand.

function specOf(spec: Partial<CreateScheduleRequest['spec']> = {}) {
  return scheduleSpec({ metadata: { name: 's' }, spec: { schedule: '@daily', ...spec } }, 'local');
}

test('what is left out has its default', () => {
  expect(specOf()).toEqual({
    ...{ schedule: '@daily', timeZone: 'UTC', jitter: '0s', overlapPolicy: 'Skip' },
    ...{ catchupWindow: '1h0m0s', location: 'default', paused: false },
    template: {
      ...{ cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '720h0m0s' },
    },
  });
});

test('backups of a schedule that names no cluster are of the cluster of the API', () => {
  const request = { metadata: { name: 's' }, spec: { schedule: '@daily' } };
  expect(scheduleSpec(request, 'prod').template.cluster).toBe('prod');
});

test('with keep rules a backup has no TTL, unless it is given one', () => {
  const retention = { keepDaily: 7, keepLast: 1 };
  expect(specOf({ retention }).template.ttl).toBe('0s');
  expect(specOf({ retention, template: { ttl: '24h' } }).template.ttl).toBe('24h');
  expect(specOf({ retention: {} })).not.toHaveProperty('retention');
  // Equal requests are equal, in whatever order the rules come.
  expect(JSON.stringify(specOf({ retention }).retention)).toBe('{"keepLast":1,"keepDaily":7}');
});

test('the time zone of the text is that of the schedule', () => {
  expect(specOf({ schedule: 'CRON_TZ=Asia/Tokyo @daily' }).timeZone).toBe('Asia/Tokyo');
});

test('all that is wrong is told, with where it stands', () => {
  const wrong = () =>
    specOf({
      ...{ schedule: '@never', jitter: '25h', catchupWindow: 'long' },
      template: { ttl: '1s', itemOperationTimeout: 'soon' },
    });
  expect(wrong).toThrow(RequestFailure);
  try {
    wrong();
  } catch (error) {
    const { errors } = error as RequestFailure;
    expect(errors.map(({ pointer }) => pointer)).toEqual([
      ...['/spec/schedule', '/spec/jitter', '/spec/catchupWindow'],
      ...['/spec/template/ttl', '/spec/template/itemOperationTimeout'],
    ]);
    expect(errors.at(3)?.detail).toMatch(/^\/spec\/template\/ttl must be from 1m to/);
  }
});
