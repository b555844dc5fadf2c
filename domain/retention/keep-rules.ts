/**
 * How many backups of a schedule are kept: the newest ones, and one for each of the last periods that have one. As in
 * restic, periods without a backup are not counted.
 */
export interface KeepRules {
  readonly keepLast?: number;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepYearly?: number;
}

/** The fields of `KeepRules`. */
export const KEEP_FIELDS = [
  'keepLast',
  'keepHourly',
  'keepDaily',
  'keepWeekly',
  'keepMonthly',
  'keepYearly',
] as const satisfies readonly (keyof KeepRules)[];

type PeriodField = Exclude<keyof KeepRules, 'keepLast'>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_DAYS = 7;
/** Day of the week, Monday first, whose date decides in which year a week is (ISO 8601). */
const THURSDAY = 3;

/** Names the periods that a time lies in; two times of one period have the same name. */
export type Calendar = (timeMs: number) => Readonly<Record<PeriodField, string>>;

/**
 * The periods of a time zone of the IANA database. Hours are those of UTC, since the local hour comes twice when the
 * clocks go back; weeks are those of ISO 8601. Throws `RangeError` for a zone that is not known.
 */
export function calendarOf(timeZone: string): Calendar {
  const format = new Intl.DateTimeFormat('en-CA-u-ca-iso8601', {
    ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
  });
  return (timeMs) => {
    const date = format.format(timeMs);
    return {
      keepHourly: `${new Date(Math.floor(timeMs / HOUR_MS) * HOUR_MS).toISOString().slice(0, 13)}Z`,
      keepDaily: date,
      keepWeekly: weekOf(date),
      keepMonthly: date.slice(0, 'yyyy-mm'.length),
      keepYearly: date.slice(0, 'yyyy'.length),
    };
  };
}

/** `2026-W48` of `2026-11-24`. */
function weekOf(date: string): string {
  const dayMs = Date.parse(date);
  const weekday = (new Date(dayMs).getUTCDay() + WEEK_DAYS - 1) % WEEK_DAYS;
  const thursday = new Date(dayMs + (THURSDAY - weekday) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const days = (thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS;
  const week = Math.floor(days / WEEK_DAYS) + 1;
  return `${String(year)}-W${String(week).padStart(2, '0')}`;
}
