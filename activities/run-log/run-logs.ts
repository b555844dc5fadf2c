import { runFolder } from '../../domain/object-key.ts';
import type { KindReference } from '../../domain/run-reference.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { RunLogWriter } from './run-log-writer.ts';

/** Runs whose logs are kept at hand. */
const LOGS_MAX = 500;

/** Where the logs of a process go, and who hears of what is lost of them. */
export interface RunLogsOptions {
  /** The store of a location. Throws `unknown-location`. */
  readonly store: (location: string) => ObjectStore;
  /** Told when lines of a run could not be stored. */
  readonly onLost: (run: KindReference, lines: number) => void;
}

/** The logs that a process writes, one for each run that it works for. */
export class RunLogs {
  readonly #options: RunLogsOptions;
  readonly #writers = new Map<string, RunLogWriter>();

  constructor(options: RunLogsOptions) {
    this.#options = options;
  }

  of(run: KindReference): RunLogWriter {
    const { store, onLost } = this.#options;
    const known = this.#writers.get(run.runUid);
    const writer =
      known ??
      new RunLogWriter({
        store: () => store(run.location),
        place: { folder: runFolder(run), runUid: run.runUid },
        onLost: (lines) => {
          onLost(run, lines);
        },
      });
    // Behind all others: what was not used for longest goes first.
    this.#writers.delete(run.runUid);
    this.#writers.set(run.runUid, writer);
    this.#makeRoom();
    return writer;
  }

  /** Nothing more is stored of a run, whose files are about to go. */
  async close({ runUid }: KindReference): Promise<void> {
    const writer = this.#writers.get(runUid);
    this.#writers.delete(runUid);
    await writer?.close();
  }

  #makeRoom(): void {
    for (const [runUid, writer] of this.#writers) {
      if (this.#writers.size <= LOGS_MAX) {
        return;
      }
      if (writer.isIdle) {
        this.#writers.delete(runUid);
      }
    }
  }
}
