import type { BackupSpec } from '../backup.ts';
import type { KeepRules } from '../retention/keep-rules.ts';
import type { RetentionPolicy } from '../retention/retention.ts';

/** What a user asks of a schedule: a backup is made at certain times. */
export interface ScheduleSpec {
  /** When, as the user wrote it: cron with five fields, a descriptor such as `@daily`, or `@every 6h`. */
  readonly schedule: string;
  /** Name of the IANA database, which the fields of the cron text and the periods of the keep rules are read in. */
  readonly timeZone: string;
  /** Storage location of its backups. */
  readonly location: string;
  /** Each backup begins at random up to this long after its time; a Go duration. */
  readonly jitter: string;
  readonly overlapPolicy: OverlapPolicy;
  /** How late a backup may begin whose time Temporal has missed; a Go duration. */
  readonly catchupWindow: string;
  readonly paused: boolean;
  /** Why it was paused, or goes on. */
  readonly note?: string;
  /** What the backups take. */
  readonly template: BackupSpec;
  /** Which of its backups are kept though their TTL is over. */
  readonly retention?: KeepRules;
}

/** What becomes of a backup whose time comes while the one before it runs; Temporal's names but for the case. */
export const OVERLAP_POLICIES = [
  'Skip',
  'BufferOne',
  'BufferAll',
  'CancelOther',
  'AllowAll',
] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

export const SCHEDULE_DEFAULTS = {
  timeZone: 'UTC',
  jitter: '0s',
  overlapPolicy: 'Skip',
  catchupWindow: '1h0m0s',
} as const satisfies Partial<ScheduleSpec>;

/** A schedule as its location keeps it, so that it can be brought back when Temporal has lost it. */
export interface StoredSchedule {
  readonly version: 1;
  readonly kind: 'Schedule';
  readonly name: string;
  /** Of this schedule; a later one of the same name has another. */
  readonly uid: string;
  /** Counts the changes of the spec. */
  readonly generation: number;
  /** RFC 3339. */
  readonly creationTimestamp: string;
  /** Since when it is being forgotten, RFC 3339; left out of one that is kept. */
  readonly deletionTimestamp?: string;
  readonly spec: ScheduleSpec;
}

/** How a schedule's attempt to make a backup ended. */
export interface ScheduledBackup {
  /** Name of the backup. */
  readonly backup: string;
  /** `Skipped`: a backup of that name was there. */
  readonly phase: 'Completed' | 'PartiallyFailed' | 'Cancelled' | 'Skipped';
}

/** Digits of the time in the name of a run: `20261124013000`. */
const STAMP_LENGTH = 'YYYY-MM-DDThh:mm:ss'.length;

/** The backup that a schedule makes at a time: `nightly-20261124013000`, as in Velero. */
export function scheduledName(schedule: string, timeMs: number): string {
  const stamp = new Date(timeMs).toISOString().slice(0, STAMP_LENGTH).replace(/\D/g, '');
  return `${schedule}-${stamp}`;
}

/** Whether a name is one that a schedule gives to its backups. */
export function isScheduledName(schedule: string, name: string): boolean {
  return name.startsWith(`${schedule}-`) && /^\d{14}(-\d+)?$/.test(name.slice(schedule.length + 1));
}

/** How long the backups of a schedule are kept, or, without a name, those of none. */
export function policyOf(
  name: string,
  stored: Pick<StoredSchedule, 'spec'> | undefined,
  nowMs: number,
): RetentionPolicy {
  const { retention, timeZone = SCHEDULE_DEFAULTS.timeZone } = stored?.spec ?? {};
  return {
    ...{ nowMs, timeZone, keepsNewest: name !== '' },
    ...(retention === undefined ? {} : { rules: retention }),
  };
}
