import { asyncLocalStorage, Context } from '@temporalio/activity';

/** Runs the body of an activity as a worker does, and cancels it when the signal says so. */
export function inActivity<Result>(
  run: () => Promise<Result>,
  signal: AbortSignal = new AbortController().signal,
): Promise<Result> {
  // Only what the activities use of their context is there; a worker fills in the rest.
  const context: Context = Object.assign(Object.create(Context.prototype) as Context, {
    cancellationSignal: signal,
    heartbeat: () => undefined,
    info: { attempt: 1 },
  });
  return asyncLocalStorage.run(context, run);
}
