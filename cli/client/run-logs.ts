import { setTimeout as sleep } from 'node:timers/promises';

import type { RunLogEntry } from '../../domain/run-log/entry.ts';
import { isEndPhase } from '../../domain/phase.ts';
import { ConnectionError } from '../connection/contract.ts';
import type { ApiClient } from './api-client.ts';
import { ProblemError, UnreachableError } from './errors.ts';
import type { Plural } from './runs.ts';
import type { Query } from './transport.ts';

/** Pause before a log is asked for again, and how long an API that does not answer is waited for. */
const PAUSE_MS = 1000;
const PATIENCE_MS = 300_000;
/** How much of a log is asked for once more when a stream has ended too early: lines may come later than their times. */
const OVERLAP_MS = 120_000;

/** Which lines are asked for, as the API takes it. */
export interface LogQuery {
  readonly tailLines?: string;
  readonly sinceTime?: string;
  readonly level?: string;
}

/** The log of one run. */
export class RunLogs {
  readonly #client: ApiClient;
  readonly #run: { readonly plural: Plural; readonly name: string };

  constructor(client: ApiClient, run: { readonly plural: Plural; readonly name: string }) {
    this.#client = client;
    this.#run = run;
  }

  /** Lines that are there. */
  read(query: LogQuery, signal: AbortSignal): AsyncGenerator<string> {
    return this.#lines({ ...query }, signal);
  }

  /** Lines until the run has ended, each once, whatever process of the API ends meanwhile. */
  async *follow(query: LogQuery, signal: AbortSignal): AsyncGenerator<string> {
    const shown = new ShownLines(query);
    let isLast = false;
    let answeredAtMs = Date.now();
    for (;;) {
      try {
        for await (const line of this.#unshown(shown, signal)) {
          answeredAtMs = Date.now();
          yield line;
        }
        if (isLast) {
          return;
        }
        // A stream ends with its process, too: what is left of the log of an ended run comes with one more.
        isLast = await this.#hasEnded();
        answeredAtMs = Date.now();
      } catch (error) {
        if (signal.aborted || !isAway(error) || Date.now() - answeredAtMs > PATIENCE_MS) {
          throw error;
        }
      }
      await sleep(isLast ? 0 : PAUSE_MS, undefined, { signal });
    }
  }

  /** What one more stream has that was not shown. */
  async *#unshown(shown: ShownLines, signal: AbortSignal): AsyncGenerator<string> {
    shown.begin();
    for await (const line of this.#lines({ ...shown.query(), follow: 'true' }, signal)) {
      if (shown.isNew(line)) {
        yield line;
      }
    }
  }

  async #hasEnded(): Promise<boolean> {
    const { plural, name } = this.#run;
    return isEndPhase((await this.#client.runs.get(plural, name)).status.phase);
  }

  /** The API sends empty lines where there is nothing new. */
  async *#lines(query: Query, signal: AbortSignal): AsyncGenerator<string> {
    const { plural, name } = this.#run;
    const decoder = new TextDecoder();
    let rest = '';
    for await (const bytes of this.#client.runs.logs(plural, name, { query, signal })) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
    }
  }
}

/** Lines that were shown, so that another stream of the same log shows none of them again. */
class ShownLines {
  readonly #query: LogQuery;
  /** How often each was shown, and how often this stream had it. */
  readonly #shown = new Map<string, number>();
  #streamed = new Map<string, number>();
  #firstMs: number | undefined;
  #lastMs: number | undefined;

  constructor(query: LogQuery) {
    this.#query = query;
  }

  begin(): void {
    this.#streamed = new Map();
  }

  /** After the first lines: from a little before the last of them. */
  query(): Query {
    const { tailLines, ...query } = this.#query;
    if (this.#lastMs === undefined) {
      return { ...this.#query };
    }
    const floorMs = tailLines === undefined ? 0 : (this.#firstMs ?? 0);
    const sinceMs = Math.max(
      ...[this.#lastMs - OVERLAP_MS, floorMs, Date.parse(query.sinceTime ?? '') || 0],
    );
    return { ...query, sinceTime: new Date(sinceMs).toISOString() };
  }

  isNew(line: string): boolean {
    const count = (this.#streamed.get(line) ?? 0) + 1;
    this.#streamed.set(line, count);
    if (count <= (this.#shown.get(line) ?? 0)) {
      return false;
    }
    this.#shown.set(line, count);
    // The API answers with lines of this type.
    const timeMs = Date.parse((JSON.parse(line) as RunLogEntry).time);
    this.#firstMs ??= timeMs;
    this.#lastMs = Math.max(timeMs, this.#lastMs ?? timeMs);
    return true;
  }
}

function isAway(error: unknown): boolean {
  return (
    (error instanceof ProblemError && error.problem.retryable) ||
    error instanceof UnreachableError ||
    error instanceof ConnectionError
  );
}
