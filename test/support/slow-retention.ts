import { compareText } from '../../domain/compare-text.ts';
import {
  type Calendar,
  calendarOf,
  KEEP_FIELDS,
  type KeepRules,
} from '../../domain/retention/keep-rules.ts';
import {
  hasRules,
  type KeptBackup,
  type RetentionPolicy,
} from '../../domain/retention/retention.ts';

const calendars = new Map<string, Calendar>();
const WEEK_MS = 7 * 24 * 3_600_000;

/** Whether a backup stays, by the words of the documentation, one backup at a time: a slow and plain reference. */
export function isKept(one: KeptBackup, all: readonly KeptBackup[], how: RetentionPolicy): boolean {
  const usable = all.filter(isUsable);
  const isNewest = isUsable(one) && usable.every((other) => other === one || isBetter(one, other));
  return (
    isKeptByItself(one, how) ||
    KEEP_FIELDS.some((rule) => isKeptBy(rule, one, { usable, how })) ||
    (how.keepsNewest && isNewest)
  );
}

function isKeptByItself(one: KeptBackup, { rules, nowMs }: RetentionPolicy): boolean {
  const isRuled = hasRules(rules);
  const isExpired = one.expiresMs === undefined ? isRuled : one.expiresMs <= nowMs;
  const isYoungFailure = isRuled && !isUsable(one) && nowMs - one.startMs < WEEK_MS;
  return one.isHeld === true || !isExpired || isYoungFailure;
}

interface Others {
  readonly usable: readonly KeptBackup[];
  readonly how: RetentionPolicy;
}

function isKeptBy(
  rule: keyof KeepRules,
  one: KeptBackup,
  { usable, how: { rules = {}, timeZone } }: Others,
): boolean {
  const number = rules[rule] ?? 0;
  if (!isUsable(one)) {
    return false;
  }
  if (rule === 'keepLast') {
    return usable.filter((other) => isNewer(other, one)).length < number;
  }
  const calendar = calendars.get(timeZone) ?? calendarOf(timeZone);
  calendars.set(timeZone, calendar);
  const periodOf = ({ startMs }: KeptBackup): string => calendar(startMs)[rule];
  const period = periodOf(one);
  const rivals = usable.filter((other) => other !== one && periodOf(other) === period);
  const later = new Set(usable.map(periodOf).filter((other) => other > period));
  return rivals.every((other) => isBetter(one, other)) && later.size < number;
}

function isUsable({ phase }: KeptBackup): boolean {
  return phase === 'Completed' || phase === 'PartiallyFailed';
}

function isNewer(left: KeptBackup, right: KeptBackup): boolean {
  return (
    left.startMs > right.startMs ||
    (left.startMs === right.startMs && compareText(left.name, right.name) > 0)
  );
}

/** Completed before failed in part, and newer before older. */
function isBetter(left: KeptBackup, right: KeptBackup): boolean {
  return left.phase === right.phase ? isNewer(left, right) : left.phase === 'Completed';
}
