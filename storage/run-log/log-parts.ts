import { parseRunLogPartKey, runLogPartKey, runLogPrefix } from '../../domain/object-key.ts';
import { Failure } from '../../domain/failure.ts';
import { gzipText } from '../json-file.ts';
import { jsonLinesOf } from '../format/json-lines.ts';
import type { ObjectStore } from '../object-store/port.ts';

/** Parts that are read before their turn. */
const READ_AHEAD = 8;

/** The folder of a run, and which run it is. */
export interface LogPlace {
  readonly folder: string;
  readonly runUid: string;
}

/** Some lines of a log that one writer has told one after the other. */
export interface LogPart {
  /** That of its first line, in milliseconds since 1970. */
  readonly timeMs: number;
  readonly read: () => Promise<readonly string[]>;
}

/** A part that is stored. */
export interface StoredLogPart {
  readonly key: string;
  readonly timeMs: number;
  readonly lines: number;
}

/** A line, without its line feed, and its time. */
export interface TimedLine {
  readonly timeMs: number;
  readonly line: string;
}

/** Stores lines as a part of its own; `attempt` is random and never used again. */
export async function writeLogPart(
  store: ObjectStore,
  { folder, runUid }: LogPlace,
  { lines, attempt }: { readonly lines: readonly string[]; readonly attempt: string },
): Promise<void> {
  const [first = '{}'] = lines;
  const part = { runUid, attempt, timeMs: timeOf(first), lines: lines.length };
  await store.put(runLogPartKey(folder, part), await gzipText(`${lines.join('\n')}\n`));
}

/** The parts that are there now, in the order of their times. */
export async function listLogParts(
  store: ObjectStore,
  { folder, runUid }: LogPlace,
): Promise<StoredLogPart[]> {
  const parts: StoredLogPart[] = [];
  for await (const page of store.list(runLogPrefix(folder, runUid))) {
    for (const { key } of page) {
      const part = parseRunLogPartKey(key);
      if (part !== undefined) {
        parts.push({ key, ...part });
      }
    }
  }
  return parts.sort((left, right) => left.timeMs - right.timeMs);
}

/** The lines of a part; none if it has gone since it was listed. */
export async function readLogPart(store: ObjectStore, key: string): Promise<readonly string[]> {
  const lines: string[] = [];
  try {
    for await (const some of jsonLinesOf(store, key)) {
      lines.push(...some);
    }
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return [];
    }
    throw error;
  }
  return lines;
}

/**
 * The lines of all parts by their times. Parts come in the order of their times; of those whose times overlap, as
 * several writers tell at the same time, all are in memory, and a few more.
 */
export async function* mergedLines(parts: readonly LogPart[]): AsyncGenerator<TimedLine> {
  const coming = readAhead(parts);
  let open: TimedLine[][] = [];
  let next = await coming.next();
  for (;;) {
    let first = earliest(open);
    while (next.done !== true && (first === undefined || next.value.timeMs <= first.timeMs)) {
      open = [...open, next.value.lines].filter(({ length }) => length > 0);
      next = await coming.next();
      first = earliest(open);
    }
    if (first === undefined) {
      return;
    }
    yield first;
    // Last first, since taking from the end of an array is cheap.
    const own = open.find((lines) => lines.at(-1) === first);
    own?.pop();
    if (own?.length === 0) {
      open = open.filter(({ length }) => length > 0);
    }
  }
}

/** When a line was told; the beginning of all times for one that does not say so. */
export function timeOf(line: string): number {
  const [, time = ''] = /"time":"([^"]+)"/.exec(line) ?? [];
  const timeMs = Date.parse(time);
  return Number.isNaN(timeMs) ? 0 : timeMs;
}

interface ReadPart {
  readonly timeMs: number;
  /** The last line first. */
  readonly lines: TimedLine[];
}

async function* readAhead(parts: readonly LogPart[]): AsyncGenerator<ReadPart> {
  const reads: Promise<readonly string[]>[] = [];
  for (const [index, { timeMs }] of parts.entries()) {
    for (const { read } of parts.slice(index + reads.length, index + READ_AHEAD)) {
      const reading = read();
      // It is awaited in its turn; a failure before that must not count as unhandled.
      reading.catch(() => undefined);
      reads.push(reading);
    }
    const lines = (await reads.shift()) ?? [];
    yield { timeMs, lines: lines.map((line) => ({ timeMs: timeOf(line), line })).reverse() };
  }
}

function earliest(open: readonly TimedLine[][]): TimedLine | undefined {
  let first: TimedLine | undefined;
  for (const lines of open) {
    const line = lines.at(-1);
    if (line !== undefined && (first === undefined || line.timeMs < first.timeMs)) {
      first = line;
    }
  }
  return first;
}
