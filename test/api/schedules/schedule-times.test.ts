import { describe, expect, test } from 'vitest';

import { scheduleTimes } from '../../../api/schedules/schedule-times.ts';

// Goal: the text of a schedule means what it means in Velero, and a text without a meaning is told what is wrong. Method:
// tables of texts; that Temporal acts at these times is shown by test/e2e/schedules.test.ts.

const TIME = { second: 0, minute: [0], hour: [1], month: '*', dayOfMonth: '*', dayOfWeek: '*' };

describe('a text that says when', () => {
  test.each<[string, object]>([
    ['0 1 * * *', TIME],
    ['  0  1 * *   * ', TIME],
    ['*/20 9-11,13 * * *', { ...TIME, minute: [0, 20, 40], hour: [9, 10, 11, 13] }],
    ['0 1 * JAN,12 *', { ...TIME, month: ['JANUARY', 'DECEMBER'] }],
    ['0 1 * * MON-FRI/2', { ...TIME, dayOfWeek: ['MONDAY', 'WEDNESDAY', 'FRIDAY'] }],
    ['0 1 ? * 0', { ...TIME, dayOfWeek: ['SUNDAY'] }],
    ['0 1 * * 7', { ...TIME, dayOfWeek: ['SUNDAY'] }],
    ['0 1 31 * *', { ...TIME, dayOfMonth: [31] }],
    ['@midnight', { ...TIME, hour: [0] }],
    ['@yearly', { ...TIME, hour: [0], dayOfMonth: [1], month: ['JANUARY'] }],
    ['@weekly', { ...TIME, hour: [0], dayOfWeek: ['SUNDAY'] }],
  ])('%s', (text, calendar) => {
    expect(scheduleTimes(text, undefined)).toEqual({
      times: { calendars: [calendar], timezone: 'UTC' },
    });
  });

  test('one of two kinds of days will do', () => {
    expect(scheduleTimes('0 1 1 * MON', undefined)).toEqual({
      times: {
        calendars: [
          { ...TIME, dayOfMonth: [1] },
          { ...TIME, dayOfWeek: ['MONDAY'] },
        ],
        timezone: 'UTC',
      },
    });
  });

  test('a star with steps says nothing about the kind of day, so both must hold', () => {
    expect(scheduleTimes('0 1 */10 * MON', undefined)).toEqual({
      times: {
        calendars: [{ ...TIME, dayOfMonth: [1, 11, 21, 31], dayOfWeek: ['MONDAY'] }],
        timezone: 'UTC',
      },
    });
  });

  test.each([
    ['@every 90m', 90 * 60_000],
    ['@every 1h30m', 90 * 60_000],
    ['@every 1s', 1000],
  ])('%s', (text, every) => {
    expect(scheduleTimes(text, 'UTC')).toEqual({
      times: { intervals: [{ every }], timezone: 'UTC' },
    });
  });

  test.each([
    ['CRON_TZ=Europe/Berlin 0 1 * * *', undefined],
    ['TZ=Europe/Berlin 0 1 * * *', undefined],
    ['CRON_TZ=Europe/Berlin 0 1 * * *', 'Europe/Berlin'],
    ['0 1 * * *', 'Europe/Berlin'],
  ])('the time zone of %s and %s', (text, timeZone) => {
    expect(scheduleTimes(text, timeZone)).toMatchObject({ times: { timezone: 'Europe/Berlin' } });
  });
});

describe('a text that says nothing of the kind', () => {
  test.each<[string, RegExp, string?]>([
    ['', /five fields/],
    ['0 1 * *', /five fields .* it has 4/],
    ['0 0 1 * * *', /five fields .* it has 6/],
    ['61 * * * *', /cannot be read/],
    ['0 25 * * *', /cannot be read/],
    ['0 1 31 2 *', /cannot be read/],
    ['0 1 L * *', /L as its day of month/],
    ['0 1 * * 5#2', /5#2 as its day of week/],
    ['H 1 * * *', /H as its minute/],
    ['0 1 15W * *', /15W as its day of month/],
    ['tomorrow', /five fields/],
    ['@fortnightly', /@yearly, .*@hourly, or @every/],
    ['@every day', /@every 6h/],
    ['@every 500ms', /at least 1s/],
    ['CRON_TZ=Mars/Olympus 0 1 * * *', /Mars\/Olympus, which is not known/],
    ['CRON_TZ=Europe/Berlin 0 1 * * *', /give one of them/, 'UTC'],
  ])('%s', (text, words, timeZone) => {
    expect(scheduleTimes(text, timeZone)).toEqual({
      fault: expect.stringMatching(words) as string,
    });
  });
});
