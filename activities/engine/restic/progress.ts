import type { EngineProgress } from '../port.ts';
import type { ResticConfig } from './config.ts';
import type { ResticOutput, Status } from './messages.ts';

const NOTHING_YET: Status = { filesDone: 0, filesTotal: 0, bytesDone: 0, bytesTotal: 0 };

/** The progress of one who waits until a repository is not locked. */
export const WAITING_FOR_LOCK: EngineProgress = {
  ...NOTHING_YET,
  phase: 'Opening',
  errorCount: 0,
  waitingFor: 'Lock',
};

/** Why a process is ended before it ends by itself. */
export type GiveUp = 'location' | 'stall';

/** Follows the numbers of one restic process and notices when they do not move. */
export class ProgressWatch {
  readonly #phase: EngineProgress['phase'];
  readonly #output: ResticOutput;
  readonly #config: ResticConfig;
  #bytes = -1;
  #movedAtMs = performance.now();
  #movedAt = new Date();

  constructor(phase: EngineProgress['phase'], output: ResticOutput, config: ResticConfig) {
    this.#phase = phase;
    this.#output = output;
    this.#config = config;
  }

  /** How far the process is now. */
  now(): EngineProgress {
    const { status = NOTHING_YET, itemErrors, locationFailsSinceMs } = this.#output;
    if (status.bytesDone !== this.#bytes) {
      this.#bytes = status.bytesDone;
      this.#movedAtMs = performance.now();
      this.#movedAt = new Date();
    }
    return {
      phase: this.#phase,
      ...status,
      errorCount: itemErrors.errorCount,
      ...(locationFailsSinceMs === undefined ? {} : { waitingFor: 'Location' }),
      ...(this.#stalledMs < this.#config.stallNoticeMs
        ? {}
        : { stalledSince: this.#movedAt.toISOString() }),
    };
  }

  /** Whether there is no point in waiting on. */
  giveUp(): GiveUp | undefined {
    const { locationFailsSinceMs, hasNoSpace } = this.#output;
    if (locationFailsSinceMs !== undefined && hasNoSpace) {
      // restic would try a full bucket for as long as one that is away.
      return 'location';
    }
    if (performance.now() - (locationFailsSinceMs ?? Infinity) > this.#config.locationWaitMs) {
      return 'location';
    }
    return this.#stalledMs > this.#config.stallLimitMs ? 'stall' : undefined;
  }

  /** Counts only while numbers are told: what follows the summary, and other commands, move bytes without a word. */
  get #stalledMs(): number {
    const isTelling = this.#output.status !== undefined && this.#output.summary === undefined;
    return isTelling ? performance.now() - this.#movedAtMs : 0;
  }
}
