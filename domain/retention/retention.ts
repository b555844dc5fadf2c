import { compareText } from '../compare-text.ts';
import type { EndPhase } from '../phase.ts';
import { type Calendar, calendarOf, KEEP_FIELDS, type KeepRules } from './keep-rules.ts';

const DAY_MS = 24 * 3_600_000;
/** How long a backup that came to nothing is kept for people to look at, where keep rules decide. */
const FAILURE_KEPT_MS = 7 * DAY_MS;
/** How long a new cluster deletes nothing of the one whose name it has: nobody may have restored that yet. */
const LOST_KEPT_MS = 7 * DAY_MS;

/** An ended backup, as far as it matters for how long it is kept. */
export interface KeptBackup {
  readonly name: string;
  /** When it began, in milliseconds since 1970. */
  readonly startMs: number;
  readonly phase: EndPhase;
  /** When its TTL is over; left out where it has none. */
  readonly expiresMs?: number;
  /** Whether somebody holds it: it stays until it is released. */
  readonly isHeld?: boolean;
  /** Uid of the cluster that it is of. */
  readonly clusterUid?: string;
}

/** How long backups are kept that belong together: those of one schedule, or those of none. */
export interface RetentionPolicy {
  /** Left out: the TTL of each backup decides alone. */
  readonly rules?: KeepRules;
  /** Name of the IANA database, for the periods of the rules. */
  readonly timeZone: string;
  readonly nowMs: number;
  /** Whether the newest good one stays whatever else says: that of a schedule does. */
  readonly keepsNewest: boolean;
  /** The cluster that has the name of theirs now; left out where it is not known. */
  readonly cluster?: { readonly uid: string; readonly createdMs: number };
}

/** Why a backup stays. */
export interface KeepReason {
  readonly rule:
    keyof KeepRules | 'held' | 'ttl' | 'no-ttl' | 'newest-good' | 'recent-failure' | 'lost-cluster';
  /** The period that it stands for: `2026-11-24`, `2026-W48`. */
  readonly period?: string;
}

/** What becomes of a backup; without a reason to stay, it goes. */
export interface Verdict<Backup> {
  readonly backup: Backup;
  readonly reasons: readonly KeepReason[];
}

/**
 * What becomes of some backups, newest first. One stays while anything keeps it: a hold, a TTL that is not over, or a keep
 * rule. Those of a cluster that was lost stay for a week after another one has taken its name. Rules count those that can be restored; of a period they take the newest that is Completed, and a
 * PartiallyFailed one only where there is no other. Where there are rules, those that came to nothing stay for a week. A
 * pure function: the same backups at the same time have the same answer, in whatever order they come.
 */
export function retention<Backup extends KeptBackup>(
  backups: readonly Backup[],
  policy: RetentionPolicy,
): readonly Verdict<Backup>[] {
  const { rules = {}, keepsNewest } = policy;
  const sorted = [...backups].sort(newestFirst);
  const reasons = new Map<Backup, KeepReason[]>(
    sorted.map((backup) => [backup, ownReasons(backup, policy)]),
  );
  const keep = (backup: Backup, reason: KeepReason): void => {
    reasons.get(backup)?.push(reason);
  };
  const usable = sorted.filter(isUsable);
  for (const backup of usable.slice(0, rules.keepLast ?? 0)) {
    keep(backup, { rule: 'keepLast' });
  }
  const calendar = calendarOf(policy.timeZone);
  for (const rule of PERIOD_FIELDS) {
    for (const [period, backup] of lastPeriods(usable, { calendar, rule, count: rules[rule] })) {
      keep(backup, { rule, period });
    }
  }
  const newest = usable.find(isCompleted) ?? usable[0];
  if (keepsNewest && newest !== undefined) {
    keep(newest, { rule: 'newest-good' });
  }
  return sorted.map((backup) => ({ backup, reasons: reasons.get(backup) ?? [] }));
}

/** Whether any rule is given. */
export function hasRules(rules: KeepRules | undefined): rules is KeepRules {
  return rules !== undefined && KEEP_FIELDS.some((field) => rules[field] !== undefined);
}

const PERIOD_FIELDS = KEEP_FIELDS.filter((field) => field !== 'keepLast');

/** Reasons that have nothing to do with the other backups. */
function ownReasons(
  backup: KeptBackup,
  { rules, nowMs, cluster }: Pick<RetentionPolicy, 'rules' | 'nowMs' | 'cluster'>,
): KeepReason[] {
  const { expiresMs, startMs, isHeld = false } = backup;
  const isRuled = hasRules(rules);
  const found: readonly (KeepReason & { readonly isGiven: boolean })[] = [
    { rule: 'held', isGiven: isHeld },
    { rule: 'ttl', isGiven: expiresMs !== undefined && expiresMs > nowMs },
    { rule: 'no-ttl', isGiven: expiresMs === undefined && !isRuled },
    {
      rule: 'recent-failure',
      isGiven: isRuled && !isUsable(backup) && startMs + FAILURE_KEPT_MS > nowMs,
    },
    {
      rule: 'lost-cluster',
      isGiven:
        cluster !== undefined &&
        cluster.uid !== (backup.clusterUid ?? cluster.uid) &&
        cluster.createdMs + LOST_KEPT_MS > nowMs,
    },
  ];
  return found.flatMap(({ isGiven, rule }) => (isGiven ? [{ rule }] : []));
}

interface Periods {
  readonly calendar: Calendar;
  readonly rule: (typeof PERIOD_FIELDS)[number];
  readonly count: number | undefined;
}

/** The last periods that have a backup, and the one that stands for each. */
function lastPeriods<Backup extends KeptBackup>(
  usable: readonly Backup[],
  { calendar, rule, count = 0 }: Periods,
): ReadonlyMap<string, Backup> {
  const chosen = new Map<string, Backup>();
  for (const backup of count === 0 ? [] : usable) {
    const period = calendar(backup.startMs)[rule];
    const other = chosen.get(period);
    if (other === undefined && chosen.size === count) {
      break;
    }
    if (other === undefined || (!isCompleted(other) && isCompleted(backup))) {
      chosen.set(period, backup);
    }
  }
  return chosen;
}

function newestFirst(left: KeptBackup, right: KeptBackup): number {
  return right.startMs - left.startMs || compareText(right.name, left.name);
}

/** Whether something can be restored from it. */
function isUsable({ phase }: KeptBackup): boolean {
  return phase === 'Completed' || phase === 'PartiallyFailed';
}

function isCompleted({ phase }: KeptBackup): boolean {
  return phase === 'Completed';
}
