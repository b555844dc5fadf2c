import { recordTime } from '../../domain/duration.ts';
import { shortList } from '../../domain/short-list.ts';
import type { LongWork } from '../heartbeat.ts';

/** Pods that a heartbeat names. */
const NAMED_MAX = 10;

interface PodWait {
  readonly words: string;
  readonly sinceMs: number;
  readonly deadlineMs: number;
}

/** Tells by heartbeat which pods' hooks are waited for, and why. */
export class PodWaits {
  readonly #report: LongWork['report'];
  readonly #waits = new Map<string, PodWait>();

  constructor({ report }: Pick<LongWork, 'report'>) {
    this.#report = report;
  }

  /** Something of a pod is waited for, for so long at most; gives a function that says why, as often as that changes. */
  begin(pod: string, waitMs: number): (why: string) => void {
    const sinceMs = Date.now();
    return (why) => {
      this.#waits.set(pod, { words: `${pod} (${why})`, sinceMs, deadlineMs: sinceMs + waitMs });
      this.#tell();
    };
  }

  end(pod: string): void {
    this.#waits.delete(pod);
    this.#tell();
  }

  #tell(): void {
    const waits = [...this.#waits.values()];
    const since = Math.min(...waits.map(({ sinceMs }) => sinceMs));
    const deadline = Math.max(...waits.map(({ deadlineMs }) => deadlineMs));
    const names = waits.map(({ words }) => words);
    const count = `${String(waits.length)} ${waits.length === 1 ? 'pod' : 'pods'}`;
    this.#report({
      ...{ itemsDone: 0, bytesDone: 0 },
      ...(waits.length === 0
        ? {}
        : {
            waitingFor: {
              reason: `the hooks of ${count}: ${shortList(names, NAMED_MAX)}`,
              since: recordTime(since),
              deadline: recordTime(deadline),
            },
          }),
    });
  }
}
