import { asyncLocalStorage, Context } from '@temporalio/activity';

import type { HeartbeatProgress } from '../../domain/run-status.ts';

interface ActivityOptions {
  readonly attempt?: number;
  readonly signal?: AbortSignal;
  readonly onBeat?: (progress: HeartbeatProgress) => void;
}

/** Runs the body of an activity as a worker does, and cancels it when the signal says so. */
export function inActivity<Result>(
  run: () => Promise<Result>,
  options: ActivityOptions = {},
): Promise<Result> {
  const { attempt = 1, signal = new AbortController().signal, onBeat = () => undefined } = options;
  // Only what the activities use of their context is there; a worker fills in the rest.
  const context: Context = Object.assign(Object.create(Context.prototype) as Context, {
    cancellationSignal: signal,
    heartbeat: onBeat,
    info: { attempt },
  });
  return asyncLocalStorage.run(context, run);
}
