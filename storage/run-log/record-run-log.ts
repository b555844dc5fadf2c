import { Failure } from '../../domain/failure.ts';
import type { RunLogEntry } from '../../domain/run-log/entry.ts';
import { type LogSubject, veleroLine } from '../../domain/run-log/velero-text.ts';
import { jsonLinesOf } from '../format/json-lines.ts';
import { gzipText } from '../json-file.ts';
import type { ObjectStore } from '../object-store/port.ts';
import { logLine } from './log-line.ts';
import {
  listLogParts,
  type LogPart,
  type LogPlace,
  mergedLines,
  readLogPart,
  type StoredLogPart,
  timeOf,
} from './log-parts.ts';

/** What a log has at most: lines of each level, parts, bytes. Parts beyond their number are not read. */
const LEVEL_LINES_MAX = 20_000;
const PARTS_MAX = 5000;
const BYTES_MAX = 64 * 1024 * 1024;
/** Text that becomes one gzip member. */
const MEMBER_CHARS = 256 * 1024;

/** Where the log of a run is put together, and what it has beside what its steps told. */
export interface RunLogRecord {
  readonly keys: { readonly folder: string; readonly runLog: string; readonly logs: string };
  readonly subject: LogSubject;
  /** Lines in the order of their times, which belong between those of the steps. */
  readonly between: readonly RunLogEntry[];
  /** Lines that come last. */
  readonly end: readonly RunLogEntry[];
}

/**
 * Joins what the steps of a run told into its log, and writes the text that Velero shows from it. A log that an earlier
 * attempt has written stays, so that every attempt gives the same. In bounded memory.
 */
export async function recordRunLog(store: ObjectStore, record: RunLogRecord): Promise<void> {
  const { keys, subject } = record;
  const place = { folder: keys.folder, runUid: subject.runUid };
  const lines = boundedLines(await partsOf(store, place, record), record.end);
  try {
    await store.upload(keys.runLog, members(lines), { condition: { isNew: true } });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'precondition-failed') {
      throw error;
    }
  }
  await store.upload(keys.logs, members(veleroLines(store, keys.runLog, subject)));
}

interface Parts {
  readonly parts: readonly LogPart[];
  /** Lines of parts that are too many. */
  readonly unread: number;
}

async function partsOf(
  store: ObjectStore,
  place: LogPlace,
  { between }: RunLogRecord,
): Promise<Parts> {
  const stored = await listLogParts(store, place);
  const unread = stored.slice(PARTS_MAX).reduce((sum, { lines }) => sum + lines, 0);
  const read = stored.slice(0, PARTS_MAX).map((part) => storedPart(store, part));
  const own = between.map(logLine);
  const [first] = own;
  const mine =
    first === undefined ? [] : [{ timeMs: timeOf(first), read: () => Promise.resolve(own) }];
  const parts = [...mine, ...read].sort((left, right) => left.timeMs - right.timeMs);
  return { parts, unread };
}

/** A part that is damaged counts as lines that could not be written. */
function storedPart(store: ObjectStore, { key, timeMs, lines }: StoredLogPart): LogPart {
  const read = async (): Promise<readonly string[]> => {
    try {
      return await readLogPart(store, key);
    } catch (error) {
      if (error instanceof Failure && error.code === 'archive-mismatch') {
        const time = new Date(timeMs).toISOString();
        return [logLine(leftOutEntry({ time, step: 'log' }, lines))];
      }
      throw error;
    }
  };
  return { timeMs, read };
}

/** What fits, with one line that tells how many others there were. */
async function* boundedLines(
  { parts, unread }: Parts,
  end: readonly RunLogEntry[],
): AsyncGenerator<string> {
  let leftOut = unread;
  const lines = { info: 0, warning: 0, error: 0 };
  let bytes = 0;
  for await (const { line } of mergedLines(parts)) {
    const entry = JSON.parse(line) as RunLogEntry;
    if (entry.leftOut !== undefined) {
      leftOut += entry.leftOut;
    } else if (lines[entry.level] >= LEVEL_LINES_MAX || bytes + line.length > BYTES_MAX) {
      leftOut += 1;
    } else {
      lines[entry.level] += 1;
      bytes += line.length;
      yield line;
    }
  }
  const [last] = end;
  if (leftOut > 0 && last !== undefined) {
    yield logLine(leftOutEntry(last, leftOut));
  }
  yield* end.map(logLine);
}

/** Tells how many lines are not there. */
export function leftOutEntry(
  { time, step }: Pick<RunLogEntry, 'time' | 'step'>,
  leftOut: number,
): RunLogEntry {
  const message = `${String(leftOut)} more lines are not in the log: there were too many, or they could not be written`;
  return { time, level: 'warning', source: 'holdfast', step, message, leftOut };
}

async function* veleroLines(
  store: ObjectStore,
  key: string,
  subject: LogSubject,
): AsyncGenerator<string> {
  for await (const lines of jsonLinesOf(store, key)) {
    yield* lines.map((line) => veleroLine(JSON.parse(line) as RunLogEntry, subject));
  }
}

/** Lines as gzip members. */
async function* members(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let text = '';
  for await (const line of lines) {
    text += `${line}\n`;
    if (text.length >= MEMBER_CHARS) {
      yield await gzipText(text);
      text = '';
    }
  }
  if (text !== '') {
    yield await gzipText(text);
  }
}
