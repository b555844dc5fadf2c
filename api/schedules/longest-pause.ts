import { CronExpressionParser } from 'cron-parser';

import { durationMs } from '../../domain/duration.ts';
import { DESCRIPTORS, EVERY, PREFIX } from './schedule-times.ts';

/** Times are looked at for so long, which is a month and the days around it, and no more than so many. */
const AHEAD_MS = 35 * 24 * 3_600_000;
const TIMES_MAX = 3000;

/**
 * The longest time between two neighbouring times of a schedule, in milliseconds: of one for working hours that is the
 * weekend. Undefined for a text that names fewer than two times.
 */
export function longestPauseMs(text: string, timeZone: string, nowMs: number): number | undefined {
  const [, prefix, rest = text.trim()] = PREFIX.exec(text.trim()) ?? [];
  if (rest.startsWith(EVERY)) {
    return durationMs(rest.slice(EVERY.length).trim());
  }
  try {
    const times = CronExpressionParser.parse(DESCRIPTORS[rest] ?? rest, {
      tz: prefix ?? timeZone,
      currentDate: new Date(nowMs),
    });
    let before = times.next().getTime();
    let longest: number | undefined;
    for (let read = 1; read < TIMES_MAX; read++) {
      const time = times.next().getTime();
      longest = Math.max(longest ?? 0, time - before);
      before = time;
      if (time > nowMs + AHEAD_MS) {
        break;
      }
    }
    return longest;
  } catch {
    return undefined;
  }
}
