import type { CalendarSpec, ScheduleSpec } from '@temporalio/client';
import { CronExpressionParser } from 'cron-parser';

import { durationMs } from '../../domain/duration.ts';

/** When a schedule starts something, as Temporal takes it; or why a text says nothing of the kind. */
export type ScheduleTimes =
  | { readonly times: Pick<ScheduleSpec, 'calendars' | 'intervals' | 'timezone'> }
  | { readonly fault: string };

/** What may stand before the text of a schedule. */
export const PREFIX = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/;
/** Begins an interval. */
export const EVERY = '@every ';
const EVERY_MIN_MS = 1000;
/** As in robfig/cron, which Velero uses. */
export const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const FIELDS = ['minute', 'hour', 'day of month', 'month', 'day of week'];
/** What Temporal has no words for: the last day, the nearest weekday, the n-th weekday, a value by chance. */
const EXTENSIONS = /[LWH#]/;
const MONTHS = [
  ...(['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY'] as const),
  ...(['AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const),
];
const DAYS = [
  ...(['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const),
];

/**
 * Reads the text of a schedule as Velero's cron (robfig/cron) does: five fields, a descriptor (`@daily`) or an interval
 * (`@every 6h`), after `CRON_TZ=Europe/Berlin` maybe. Where day of month and day of week are both given, either will do;
 * Temporal's own reading of cron wants both. Unlike there, an interval is counted from 1970 and not from the start.
 */
export function scheduleTimes(text: string, timeZone: string | undefined): ScheduleTimes {
  const [, prefix, rest = text] = PREFIX.exec(text.trim()) ?? [];
  const timezone = prefix ?? timeZone ?? 'UTC';
  if (timeZone !== undefined && timezone !== timeZone) {
    return { fault: `names the time zone ${timezone}, and timeZone another; give one of them` };
  }
  if (!isTimeZone(timezone)) {
    return {
      fault: `names the time zone ${timezone}, which is not known; write it as Europe/Berlin`,
    };
  }
  if (rest.startsWith('@')) {
    return described(rest, timezone);
  }
  const calendars = calendarsOf(rest);
  return 'fault' in calendars ? calendars : { times: { ...calendars, timezone } };
}

/** Whether the text of a schedule names its time zone. */
export function hasZone(text: string): boolean {
  return PREFIX.test(text.trim());
}

/** Whether a name is one of the IANA database. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function described(text: string, timezone: string): ScheduleTimes {
  if (text.startsWith(EVERY)) {
    const every = durationMs(text.slice(EVERY.length).trim());
    return every === undefined || every < EVERY_MIN_MS
      ? { fault: 'must have a duration of at least 1s after @every, such as @every 6h' }
      : { times: { intervals: [{ every }], timezone } };
  }
  const cron = DESCRIPTORS[text];
  const calendars = cron === undefined ? undefined : calendarsOf(cron);
  return calendars === undefined || 'fault' in calendars
    ? { fault: `must be one of ${Object.keys(DESCRIPTORS).join(', ')}, or @every and a duration` }
    : { times: { ...calendars, timezone } };
}

type Calendars = { readonly calendars: CalendarSpec[] } | { readonly fault: string };

function calendarsOf(cron: string): Calendars {
  const parts = cron.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) {
    const found = `it has ${String(parts.length)}`;
    return { fault: `must have five fields (${FIELDS.join(', ')}), and ${found}` };
  }
  const strange = parts.findIndex((part, index) => EXTENSIONS.test(withoutNames(part, index)));
  if (strange !== -1) {
    return {
      fault: `has ${parts[strange] ?? ''} as its ${FIELDS[strange] ?? ''}; write numbers, lists and ranges`,
    };
  }
  try {
    const { fields } = CronExpressionParser.parse(parts.join(' '));
    const time = {
      second: 0,
      minute: numbers(fields.minute),
      hour: numbers(fields.hour),
      month: fields.month.isWildcard
        ? '*'
        : numbersOf(fields.month.values).map((month) => MONTHS[month - 1] ?? 'JANUARY'),
    } as const satisfies CalendarSpec;
    const dayOfMonth = numbers(fields.dayOfMonth);
    const dayOfWeek = fields.dayOfWeek.isWildcard
      ? '*'
      : [
          ...new Set(
            numbersOf(fields.dayOfWeek.values).map((day) => DAYS[day % DAYS.length] ?? 'SUNDAY'),
          ),
        ];
    return {
      calendars: isEitherDay(parts)
        ? [
            { ...time, dayOfMonth, dayOfWeek: '*' },
            { ...time, dayOfMonth: '*', dayOfWeek },
          ]
        : [{ ...time, dayOfMonth, dayOfWeek }],
    };
  } catch (error) {
    return { fault: `cannot be read: ${error instanceof Error ? error.message : ''}` };
  }
}

/** Whether both kinds of days are given. A field that begins with a star says nothing, steps or not. */
function isEitherDay([, , dayOfMonth = '', , dayOfWeek = '']: readonly string[]): boolean {
  return [dayOfMonth, dayOfWeek].every((field) => !/^[*?]/.test(field));
}

/** Names of months and days have letters of their own. */
function withoutNames(part: string, index: number): string {
  return FIELDS[index] === 'month' || FIELDS[index] === 'day of week'
    ? part.replace(/[A-Za-z]{3}/g, '')
    : part;
}

interface Field {
  readonly isWildcard: boolean;
  readonly values: readonly (number | string)[];
}

function numbers({ isWildcard, values }: Field): '*' | number[] {
  return isWildcard ? '*' : numbersOf(values);
}

/** Texts stand for extensions, which are refused before. */
function numbersOf(values: readonly (number | string)[]): number[] {
  return values.filter((value) => typeof value === 'number');
}
