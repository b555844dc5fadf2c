import { createHash } from 'node:crypto';

import type { RunLogEntry } from '../../domain/run-log/entry.ts';
import { isAtLeast, type LogLevel } from '../../domain/run-log/level.ts';

/** Characters of a digest that tell lines apart. */
const DIGEST_CHARS = 12;

/** Which lines of a log are asked for. */
export interface LogSelection {
  readonly level: LogLevel;
  /** Milliseconds since 1970. */
  readonly sinceMs?: number;
}

/** Whether a line is one of those that are asked for. */
export function isSelected(line: string, { level, sinceMs = 0 }: LogSelection): boolean {
  // Lines were written by `logLine`.
  const entry = JSON.parse(line) as RunLogEntry;
  return isAtLeast(entry, level) && Date.parse(entry.time) >= sinceMs;
}

/** The last of some lines. */
export async function lastOf(lines: AsyncIterable<string>, countMax: number): Promise<string[]> {
  const last: string[] = [];
  for await (const line of lines) {
    last.push(line);
    if (last.length > countMax) {
      last.shift();
    }
  }
  return last;
}

/** Lines that somebody has, to leave them out when they come again in another file. */
export class SeenLines {
  readonly #counts = new Map<string, number>();

  add(line: string): void {
    const digest = digestOf(line);
    this.#counts.set(digest, (this.#counts.get(digest) ?? 0) + 1);
  }

  /** Whether the line was seen, once for each time that it was. */
  take(line: string): boolean {
    const digest = digestOf(line);
    const count = this.#counts.get(digest) ?? 0;
    if (count > 1) {
      this.#counts.set(digest, count - 1);
    } else {
      this.#counts.delete(digest);
    }
    return count > 0;
  }
}

function digestOf(line: string): string {
  return createHash('sha256').update(line).digest('base64').slice(0, DIGEST_CHARS);
}
