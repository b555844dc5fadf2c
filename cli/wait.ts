import { setTimeout as sleep } from 'node:timers/promises';

import type { RunResource } from '../domain/api-resource.ts';
import { isEndPhase } from '../domain/phase.ts';
import type { ApiClient } from './client/api-client.ts';
import { ConnectionError } from './connection/contract.ts';
import { ProblemError, UnreachableError } from './client/errors.ts';
import type { Plural } from './client/runs.ts';
import { EXIT } from './exit-codes.ts';
import { operationsText } from './operation-lines.ts';
import { duration, rateText } from './run-output.ts';
import { NO_SCREEN, openScreen, type Screen } from './screen.ts';
import { SteadyRun } from './steady-run.ts';
import { WaitTimeoutError } from './wait-timeout.ts';
import { volumesText, volumesUnderWay } from './volume-lines.ts';

/** Pause between two looks at a run. */
const LOOK_PAUSE_MS = 300;
/** How long an API that does not answer is waited for. */
const PATIENCE_MS = 300_000;
/** Looks in a row at a run that is no longer being deleted, before it counts as kept. */
const KEPT_LOOKS = 3;

/** The run that is waited for. */
export interface AwaitedRun {
  readonly client: ApiClient;
  readonly plural: Plural;
  readonly name: string;
}

/** How a run is waited for. */
export interface WaitOptions {
  readonly quiet?: true;
  /** How long at most, in milliseconds; for ever when left out. */
  readonly timeout?: number;
}

/**
 * Waits for a run's end and shows on standard error how far it is. Ctrl-C ends the command and not the run. Throws
 * `WaitTimeoutError`.
 */
export function waitForEnd<Resource extends RunResource>(
  { client, plural, name }: AwaitedRun,
  options: WaitOptions,
): Promise<Resource> {
  return detachable(goesOn(plural, name), () =>
    watch<Resource>(
      () => client.runs.get(plural, name),
      (run) => isEndPhase(run.status.phase),
      { ...options, late: goesOn(plural, name) },
    ),
  );
}

function goesOn(plural: Plural, name: string): string {
  const kind = plural.slice(0, -1);
  return `the ${kind} goes on; look at it with: holdfast ${kind} describe ${name}, end it with: holdfast ${kind} cancel ${name}`;
}

/** What is told when Ctrl-C ends the wait. */
async function detachable<Result>(text: string, wait: () => Promise<Result>): Promise<Result> {
  const detach = (): void => {
    process.stderr.write(`\n${text}\n`);
    process.exit(EXIT.interrupted);
  };
  process.once('SIGINT', detach);
  try {
    return await wait();
  } finally {
    process.off('SIGINT', detach);
  }
}

/** Waits for the end of a deletion. Answers whether the run is gone; if not, the deletion ended without success. */
export async function waitUntilGone(
  { client, plural, name }: AwaitedRun,
  options: WaitOptions,
): Promise<boolean> {
  const late = `the deletion of the ${plural.slice(0, -1)} ${name} goes on`;
  let keptLooks = 0;
  // An API that cannot ask Temporal for a moment shows the run without its deletion.
  const isKept = ({ status }: RunResource): boolean => {
    keptLooks = status.phase === 'Deleting' ? 0 : keptLooks + 1;
    return keptLooks === KEPT_LOOKS;
  };
  try {
    await detachable(late, () =>
      watch<RunResource>(() => client.runs.get(plural, name), isKept, { ...options, late }),
    );
    return false;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'not-found') {
      return true;
    }
    throw error;
  }
}

/** Looks at a run until something holds, with a pause between two looks. */
async function watch<Resource extends RunResource>(
  get: () => Promise<Resource>,
  isOver: (run: Resource) => boolean,
  { quiet, timeout, late }: WaitOptions & { readonly late: string },
): Promise<Resource> {
  const screen = quiet === true ? NO_SCREEN : openScreen(process.stderr);
  const shown = new SteadyRun();
  const startedAt = Date.now();
  let answeredAt = startedAt;
  try {
    for (;;) {
      const run = await look(get);
      if (run !== undefined) {
        answeredAt = Date.now();
        showRun(screen, shown.steady(run));
      } else if (Date.now() - answeredAt > PATIENCE_MS) {
        return await get();
      } else {
        screen.show('the API does not answer; trying again');
      }
      if (run !== undefined && isOver(run)) {
        return run;
      }
      if (timeout !== undefined && Date.now() - startedAt > timeout) {
        throw new WaitTimeoutError(`it takes longer than --timeout says; ${late}`);
      }
      await sleep(LOOK_PAUSE_MS);
    }
  } finally {
    screen.end();
  }
}

function showRun(screen: Screen, run: RunResource): void {
  screen.show(progressText(run), run.status.volumes && volumesUnderWay(run.status.volumes));
}

/** A look at the run; undefined while the API, or what it needs, is away. */
async function look<Resource extends RunResource>(
  get: () => Promise<Resource>,
): Promise<Resource | undefined> {
  try {
    return await get();
  } catch (error) {
    const isAway = error instanceof ProblemError && error.problem.retryable;
    const isUnreachable = error instanceof UnreachableError || error instanceof ConnectionError;
    if (isAway || isUnreachable) {
      return undefined;
    }
    throw error;
  }
}

/** `backup b1: InProgress, export, 120 of 400 items (30 %), 60 per second, 1 of 3 volumes, 4.0 MiB of 9.5 MiB, 2s`. */
function progressText(run: RunResource): string {
  const { phase, step, volumes, operations, waitingFor } = run.status;
  const parts = [
    phase,
    step,
    itemsText(run),
    volumes === undefined ? undefined : volumesText(volumes),
    operations === undefined ? undefined : `operations: ${operationsText(operations)}`,
    waitingFor?.failure === undefined ? undefined : waitingFor.reason,
    duration(run, Date.now()),
  ];
  return `${run.kind.toLowerCase()} ${run.metadata.name}: ${parts.filter((part) => part !== undefined).join(', ')}`;
}

/** What the plan counted is a cost and not a promise: once all objects are exported, their number stands alone. */
function itemsText(run: RunResource): string | undefined {
  const { step, progress } = run.status;
  const { itemsDone, itemsTotal } = progress;
  if (itemsTotal === 0) {
    return undefined;
  }
  if (run.kind === 'Backup' && step === 'volumes') {
    return `${String(itemsDone)} items`;
  }
  const percent = Math.min(100, Math.floor((100 * itemsDone) / itemsTotal));
  return `${String(itemsDone)} of ${String(itemsTotal)} items (${String(percent)} %)${rateText(run)}`;
}
