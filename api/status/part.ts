import { setTimeout as sleep } from 'node:timers/promises';

import type { Part } from '../../domain/diagnosis/part.ts';
import { Failure, type FailureReport } from '../../domain/failure.ts';

/** Asks one part, which neither fails nor delays the others for longer than its time. */
export async function partOf<Value>(
  ask: () => Promise<Value>,
  { timeoutMs, late }: { readonly timeoutMs: number; readonly late: FailureReport },
): Promise<Part<Value>> {
  const stop = new AbortController();
  const timer = sleep(timeoutMs, { failure: late }, { signal: stop.signal, ref: false });
  const asked = ask().then(
    (value) => ({ value }),
    (error: unknown) => ({ failure: failureReport(error) }),
  );
  try {
    return await Promise.race([asked, timer]);
  } finally {
    stop.abort();
    // Nobody waits for it any more.
    timer.catch(() => undefined);
  }
}

/** What may be told of an error: of one that nobody foresaw, only its name. */
function failureReport(error: unknown): FailureReport {
  if (error instanceof Failure) {
    const { code, message, subject } = error;
    return { code, message, ...(subject === undefined ? {} : { subject }) };
  }
  const name = error instanceof Error ? error.name : typeof error;
  return { code: 'internal', message: `an unforeseen ${name}; the log of the API has more` };
}
