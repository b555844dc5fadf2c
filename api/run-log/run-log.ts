import { setTimeout as sleep } from 'node:timers/promises';

import type { RunResource } from '../../domain/api-resource.ts';
import { Failure, isRetried } from '../../domain/failure.ts';
import { backupKeys, restoreKeys } from '../../domain/object-key.ts';
import { isEndPhase } from '../../domain/phase.ts';
import { phaseEntry } from '../../domain/run-log/phase-entry.ts';
import type { PhaseChange } from '../../domain/run-status.ts';
import { jsonLinesOf } from '../../storage/format/json-lines.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { logLine } from '../../storage/run-log/log-line.ts';
import { type LogPart, mergedLines, timeOf } from '../../storage/run-log/log-parts.ts';
import { isSelected, lastOf, type LogSelection, SeenLines } from './log-filter.ts';
import type { StoredParts } from './stored-parts.ts';

/** How often the log of a run under way is looked at, and after how long a stream that has nothing to tell says so. */
const LOOK_MS = 1000;
const KEEP_ALIVE_MS = 15_000;
/** So that nobody on the way takes the stream for dead; an empty line is no entry. */
const KEEP_ALIVE = '';

/** A run whose log is read, and how. */
export interface LogWatch {
  readonly location: string;
  readonly store: ObjectStore;
  readonly parts: StoredParts;
  /** Looks at the run. Throws what `GET` throws. */
  readonly look: () => Promise<RunResource>;
  /** The phases so far of a run that was looked at. */
  readonly phasesOf: (run: RunResource) => readonly PhaseChange[];
  readonly selection: LogSelection;
  /** Goes on until the run has ended. */
  readonly isFollowed: boolean;
  /** Of what is there at the beginning, the last lines alone. */
  readonly tailLines?: number;
  /** Aborted when the client goes, and when the process ends. */
  readonly signal: AbortSignal;
  readonly lookMs?: number;
}

/**
 * The lines of the log of a run, without line feeds; empty ones say that there is nothing new. Of one under way they are
 * what is stored so far, and when the run has ended what its record has beside these. Throws what the first look throws,
 * and `log-missing`.
 */
export async function* runLogLines(watch: LogWatch): AsyncGenerator<string, void> {
  const { signal, isFollowed, lookMs = LOOK_MS } = watch;
  const reader = new Reader(watch);
  let run: RunResource | undefined = await watch.look();
  yield* reader.first(run);
  let toldAtMs = Date.now();
  while (isFollowed && run !== undefined && isUnderWay(run)) {
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) {
      return;
    }
    run = await orAgain(run, watch.look);
    for await (const line of run === undefined ? [] : reader.since(run)) {
      yield line;
      toldAtMs = Date.now();
    }
    if (Date.now() - toldAtMs >= KEEP_ALIVE_MS) {
      yield KEEP_ALIVE;
      toldAtMs = Date.now();
    }
  }
}

/** Reads what is new of a log. */
class Reader {
  readonly #watch: LogWatch;
  readonly #seen = new SeenLines();
  readonly #readParts = new Set<string>();
  #phases = 0;

  constructor(watch: LogWatch) {
    this.#watch = watch;
  }

  /** What is there at the beginning. */
  async *first(run: RunResource): AsyncGenerator<string> {
    const { tailLines } = this.#watch;
    const lines = this.#next(run);
    const told = tailLines === undefined ? lines : await lastOf(lines, tailLines);
    yield* told;
    // A stream begins when there is something to tell.
    yield KEEP_ALIVE;
  }

  /** What has come since. What cannot be read of a run under way comes with the next look. */
  async *since(run: RunResource): AsyncGenerator<string> {
    yield* isUnderWay(run) ? await orNone(this.#next(run)) : this.#next(run);
  }

  async *#next(run: RunResource): AsyncGenerator<string> {
    const lines = isUnderWay(run) ? this.#live(run) : this.#recorded(run);
    for await (const line of lines) {
      if (isSelected(line, this.#watch.selection)) {
        yield line;
      }
    }
  }

  async *#live(run: RunResource): AsyncGenerator<string> {
    const phases = this.#watch.phasesOf(run);
    const told = phases.slice(this.#phases).map((change) => logLine(phaseEntry(change)));
    const [first] = told;
    const own: LogPart[] =
      first === undefined ? [] : [{ timeMs: timeOf(first), read: () => Promise.resolve(told) }];
    yield* this.#merged(run, own);
    this.#phases = Math.max(this.#phases, phases.length);
  }

  /** Lines of parts that were not read before, and others among them. */
  async *#merged(run: RunResource, own: readonly LogPart[]): AsyncGenerator<string> {
    const { parts, location } = this.#watch;
    const listed = await parts.list(location, { folder: keysOf(run).folder, runUid: uidOf(run) });
    const fresh = listed.filter(({ key }) => !this.#readParts.has(key));
    const read = fresh.map(({ key, timeMs }): LogPart => {
      return { timeMs, read: () => parts.read(location, key) };
    });
    const all = [...own, ...read].sort((left, right) => left.timeMs - right.timeMs);
    for await (const { line } of mergedLines(all)) {
      this.#seen.add(line);
      yield line;
    }
    for (const { key } of fresh) {
      this.#readParts.add(key);
    }
  }

  /** The log as it is kept; of a run that was cut off, what its steps have left. */
  async *#recorded(run: RunResource): AsyncGenerator<string> {
    const { store, signal } = this.#watch;
    const { runLog } = keysOf(run);
    if ((await store.head(runLog)) === undefined) {
      yield* this.#left(run);
      return;
    }
    for await (const lines of jsonLinesOf(store, runLog, { signal })) {
      for (const line of lines) {
        if (!this.#seen.take(line)) {
          yield line;
        }
      }
    }
  }

  async *#left(run: RunResource): AsyncGenerator<string> {
    yield* this.#merged(run, []);
    if (this.#readParts.size === 0) {
      const { kind, metadata } = run;
      const text = `the ${kind.toLowerCase()} ${metadata.name} has no log`;
      throw new Failure('log-missing', text, { subject: keysOf(run).runLog });
    }
  }
}

function isUnderWay({ status: { phase } }: RunResource): boolean {
  return !isEndPhase(phase) && phase !== 'Deleting';
}

function keysOf({ kind, metadata: { name } }: RunResource) {
  return kind === 'Backup' ? backupKeys(name) : restoreKeys(name);
}

function uidOf({ metadata }: RunResource): string {
  return metadata.uid;
}

/** The run as it is now, or as it was when nobody can look at it; undefined when it is gone. */
async function orAgain(run: RunResource, look: LogWatch['look']): Promise<RunResource | undefined> {
  try {
    const now = await look();
    return now.metadata.uid === run.metadata.uid ? now : undefined;
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') {
      return undefined;
    }
    if (isPassing(error)) {
      return run;
    }
    throw error;
  }
}

/** All lines, or none if they cannot be read now. */
async function orNone(lines: AsyncIterable<string>): Promise<readonly string[]> {
  try {
    return await Array.fromAsync(lines);
  } catch (error) {
    if (isPassing(error)) {
      return [];
    }
    throw error;
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof Failure && isRetried(error.code);
}
