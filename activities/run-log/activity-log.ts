import { AsyncLocalStorage } from 'node:async_hooks';

import type { BackupProblems } from '../../domain/backup.ts';
import type { FailureReport } from '../../domain/failure.ts';
import type { RunLogEntry } from '../../domain/run-log/entry.ts';
import { failureEntry } from '../../domain/run-log/failure-entry.ts';
import type { LogLevel } from '../../domain/run-log/level.ts';
import { maskedText } from '../../domain/run-log/mask-text.ts';

/** A line, without what its log knows: when it is told, and by which step. */
export type Told = Omit<RunLogEntry, 'time' | 'step' | 'node'>;

/** What an activity has to say of its run. */
export interface ActivityLog {
  readonly step: string;
  readonly attempt: number;
  /** Takes a line; it is stored before the activity ends if there is more to it than that all is well. */
  readonly take: (entry: RunLogEntry) => void;
}

const LOGS = new AsyncLocalStorage<ActivityLog>();

/** Runs an activity whose lines go into a log. */
export function withActivityLog<Result>(
  log: ActivityLog,
  run: () => Promise<Result>,
): Promise<Result> {
  return LOGS.run(log, run);
}

/** Tells the log of a run, from wherever its activity is; of what is no activity of a run nobody is told. */
export type Tell = (line: Told) => void;

/** For callbacks, which may be called from elsewhere. */
export function runLogTeller(): Tell {
  const log = LOGS.getStore();
  return (line) => {
    log?.take(masked({ time: new Date().toISOString(), step: log.step, ...line }));
  };
}

/** Tells one line. */
export function tellRunLog(line: Told): void {
  runLogTeller()(line);
}

/** Tells of something that is a problem of the run, or that its attempt failed. */
export function tellFailure(
  level: LogLevel,
  report: FailureReport,
  more: Pick<Told, 'cause' | 'attempt'> = {},
): void {
  tellRunLog({ ...failureEntry(report, level), ...more });
}

/** Tells of problems that a step has found. */
export function tellProblems({ errors, warnings }: BackupProblems): void {
  for (const report of errors) {
    tellFailure('error', report);
  }
  for (const report of warnings) {
    tellFailure('warning', report);
  }
}

/** Tells that the attempt of the activity failed, and of what is known of the cause. */
export function tellFailedAttempt(level: LogLevel, report: FailureReport, error: unknown): void {
  const attempt = LOGS.getStore()?.attempt;
  const cause = causeText(error);
  tellFailure(level, report, {
    ...(attempt === undefined ? {} : { attempt }),
    ...(cause === '' ? {} : { cause }),
  });
}

const CAUSES_MAX = 5;
/** `ECONNREFUSED` and the like; other codes may be anything. */
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{2,40}$/;

/** What lies below an error: names and codes of the system, since messages may quote what nobody is to see. */
function causeText(error: unknown): string {
  const words: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  for (; cause instanceof Error && words.length < CAUSES_MAX; cause = cause.cause) {
    const { name } = cause;
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
    words.push(SYSTEM_CODE.test(code) ? `${name} ${code}` : name);
  }
  return words.join(': ');
}

function masked(entry: RunLogEntry): RunLogEntry {
  const { message, cause } = entry;
  return {
    ...entry,
    message: maskedText(message),
    ...(cause === undefined ? {} : { cause: maskedText(cause) }),
  };
}
