import type { EngineProgress, EngineWait } from '../port.ts';
import type { ResticConfig } from './config.ts';
import type { ResticOutput, Status } from './messages.ts';

const NOTHING_YET: Status = { filesDone: 0, filesTotal: 0, bytesDone: 0, bytesTotal: 0 };

/** The progress of one who waits until a repository is not locked, since a moment of `performance.now()`. */
export function waitingForLock(sinceMs: number, { lockWaitMs }: ResticConfig): EngineProgress {
  const waitingFor = waitOf('Lock', sinceMs, lockWaitMs);
  return { ...NOTHING_YET, phase: 'Opening', errorCount: 0, waitingFor };
}

/** Why a process is ended before it ends by itself. */
export type GiveUp = 'location' | 'stall';

/** Follows the numbers of one restic process and notices when they do not move. */
export class ProgressWatch {
  readonly #phase: EngineProgress['phase'];
  readonly #output: ResticOutput;
  readonly #config: ResticConfig;
  #bytes = -1;
  #movedAtMs = performance.now();

  constructor(phase: EngineProgress['phase'], output: ResticOutput, config: ResticConfig) {
    this.#phase = phase;
    this.#output = output;
    this.#config = config;
  }

  /** How far the process is now. */
  now(): EngineProgress {
    const { status = NOTHING_YET, itemErrors } = this.#output;
    if (status.bytesDone !== this.#bytes) {
      this.#bytes = status.bytesDone;
      this.#movedAtMs = performance.now();
    }
    const waitingFor = this.#wait();
    return {
      phase: this.#phase,
      ...status,
      errorCount: itemErrors.errorCount,
      ...(waitingFor === undefined ? {} : { waitingFor }),
    };
  }

  #wait(): EngineWait | undefined {
    const { locationFailsSinceMs } = this.#output;
    const { locationWaitMs, stallNoticeMs, stallLimitMs } = this.#config;
    if (locationFailsSinceMs !== undefined) {
      return waitOf('Location', locationFailsSinceMs, locationWaitMs);
    }
    return this.#stalledMs < stallNoticeMs
      ? undefined
      : waitOf('Movement', this.#movedAtMs, stallLimitMs);
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

/** A wait since a moment of `performance.now()`. */
function waitOf(what: EngineWait['what'], sinceMs: number, limitMs: number): EngineWait {
  const atMs = performance.timeOrigin + sinceMs;
  return {
    what,
    since: new Date(atMs).toISOString(),
    deadline: new Date(atMs + limitMs).toISOString(),
  };
}
