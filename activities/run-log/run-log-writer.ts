import { setTimeout as sleep } from 'node:timers/promises';

import type { RunLogEntry } from '../../domain/run-log/entry.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { logLine } from '../../storage/run-log/log-line.ts';
import { type LogPlace, writeLogPart } from '../../storage/run-log/log-parts.ts';
import { leftOutEntry } from '../../storage/run-log/record-run-log.ts';
import { newAttempt } from '../attempt.ts';

/** Lines that a process keeps of a run until they are stored; others are left out. */
const KEPT_LINES_MAX = 2000;
const KEPT_BYTES_MAX = 1024 * 1024;
/** Lines that become one part at most. */
const PART_LINES_MAX = 500;
const PART_BYTES_MAX = 256 * 1024;
/** Lines of each level that one process tells of a run: many of one keep none of another from being told. */
const LEVEL_LINES_MAX = 10_000;
/** How long lines wait that nobody is in a hurry for: the longer the more parts there are. */
const PAUSES_MS = [
  { parts: 30, pauseMs: 2000 },
  { parts: 100, pauseMs: 5000 },
  { parts: 300, pauseMs: 15_000 },
] as const;
const PAUSE_MAX_MS = 60_000;
/** How long an activity waits at its end for a store that does not answer. */
const PATIENCE_MS = 2000;

/** Where a log goes. */
export interface RunLogWriterOptions {
  readonly store: () => ObjectStore;
  readonly place: LogPlace;
  /** Told how many lines could not be kept. */
  readonly onLost: (lines: number) => void;
}

/** Lines under a name of their own, so that they are stored once however often that is tried. */
interface Part {
  readonly attempt: string;
  readonly lines: readonly string[];
}

/**
 * The lines that this process tells of one run. They are kept for a moment and stored together, each part under a key of
 * its own. What cannot be stored now is tried again with the next lines, up to a limit; nothing here fails.
 */
export class RunLogWriter {
  readonly #options: RunLogWriterOptions;
  #lines: string[] = [];
  #parts: Part[] = [];
  #keptLines = 0;
  #keptBytes = 0;
  readonly #told = { info: 0, warning: 0, error: 0 };
  #leftOut = 0;
  #stored = 0;
  #active = 0;
  #isUrgent = false;
  #isClosed = false;
  /** Whether the run has its name, so that its folder is its own. */
  #isOpened = false;
  #storing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RunLogWriterOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#active === 0 && this.#keptLines === 0;
  }

  /** An activity of the run begins. */
  enter(): void {
    this.#active += 1;
  }

  /** The run has its name: what is told of it may be stored. */
  open(): void {
    this.#isOpened = true;
  }

  /** Takes a line. */
  take(entry: RunLogEntry): void {
    if (this.#isClosed) {
      return;
    }
    const line = logLine(entry);
    this.#isUrgent ||= entry.level !== 'info' || entry.source !== 'holdfast';
    if (!this.#hasRoomFor(entry, line)) {
      this.#leftOut += 1;
      return;
    }
    this.#lines.push(line);
    this.#keptLines += 1;
    this.#keptBytes += line.length;
    this.#schedule();
  }

  /**
   * An activity of the run ends. Lines that tell more than that all is well are stored by then, if the store answers; the
   * others are on their way when nothing else goes on here that may add to them.
   */
  async leave(): Promise<void> {
    this.#active -= 1;
    if (this.#isUrgent) {
      await this.flush();
    } else if (this.#active === 0) {
      void this.#flush();
    }
  }

  /** Stores what there is, and waits for that, though not for long. */
  async flush(): Promise<void> {
    const over = new AbortController();
    const late = sleep(PATIENCE_MS, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([this.#flush(), late]);
    over.abort();
  }

  /** Forgets what was told of a run that was not opened. */
  drop(): void {
    this.#cut();
    this.#parts = [];
    this.#countKept();
  }

  /** Stores nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.drop();
    await Promise.race([this.#storing, sleep(PATIENCE_MS)]);
  }

  #hasRoomFor({ level }: RunLogEntry, line: string): boolean {
    this.#told[level] += 1;
    const isFull =
      this.#keptLines >= KEPT_LINES_MAX || this.#keptBytes + line.length > KEPT_BYTES_MAX;
    return this.#told[level] <= LEVEL_LINES_MAX && !isFull;
  }

  #schedule(): void {
    if (!this.#isOpened) {
      return;
    }
    if (this.#lines.length >= PART_LINES_MAX || this.#keptBytes >= PART_BYTES_MAX) {
      void this.#flush();
      return;
    }
    const pause = PAUSES_MS.find(({ parts }) => this.#stored < parts);
    this.#timer ??= setTimeout(() => void this.#flush(), pause?.pauseMs ?? PAUSE_MAX_MS).unref();
  }

  #flush(): Promise<void> {
    if (!this.#isOpened || this.#isClosed) {
      return this.#storing;
    }
    this.#cut();
    this.#storing = this.#storing.then(() => this.#store());
    return this.#storing;
  }

  /** Makes a part of the lines. */
  #cut(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isUrgent = false;
    if (this.#lines.length > 0) {
      this.#parts.push({ attempt: newAttempt(), lines: this.#lines });
      this.#lines = [];
    }
  }

  async #store(): Promise<void> {
    const { store, place, onLost } = this.#options;
    try {
      for (let [part] = this.#parts; part !== undefined; [part] = this.#parts) {
        await writeLogPart(store(), place, part);
        this.#stored += 1;
        this.#parts.shift();
        this.#countKept();
      }
      if (this.#leftOut > 0) {
        await this.#storeLeftOut();
      }
    } catch {
      // It is tried again with the next lines; what does not come to be stored is told here at least.
      onLost(this.#keptLines + this.#leftOut);
    }
  }

  async #storeLeftOut(): Promise<void> {
    const { store, place } = this.#options;
    const lines = this.#leftOut;
    const entry = leftOutEntry({ time: new Date().toISOString(), step: 'log' }, lines);
    await writeLogPart(store(), place, { attempt: newAttempt(), lines: [logLine(entry)] });
    this.#leftOut -= lines;
  }

  #countKept(): void {
    const kept = [...this.#parts.flatMap(({ lines }) => lines), ...this.#lines];
    this.#keptLines = kept.length;
    this.#keptBytes = kept.reduce((sum, { length }) => sum + length, 0);
  }
}
