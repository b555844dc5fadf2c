import type { RunLogEntry } from './entry.ts';

/** Whose log it is, as each line says it. */
export interface LogSubject {
  readonly kind: 'Backup' | 'Restore';
  readonly name: string;
  readonly runUid: string;
}

/** Words that logrus writes without quotes. */
const PLAIN = /^[\w.+/@^-]+$/;

/** A line as Velero's log has it: the text of logrus. */
export function veleroLine(entry: RunLogEntry, { kind, name, runUid }: LogSubject): string {
  const { time, level, message, source, step, ...more } = entry;
  const fields = { ...more, [kind.toLowerCase()]: name, run: runUid, source, step };
  const rest = Object.entries(fields).map(([field, value]) => `${field}=${quoted(String(value))}`);
  return `time=${JSON.stringify(time)} level=${level} msg=${JSON.stringify(message)} ${rest.join(' ')}`;
}

function quoted(value: string): string {
  return PLAIN.test(value) ? value : JSON.stringify(value);
}
