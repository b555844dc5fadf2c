import { setTimeout as sleep } from 'node:timers/promises';

import type { RunResource } from '../domain/api-resource.ts';
import { isEndPhase } from '../domain/phase.ts';
import type { ApiClient } from './client/api-client.ts';
import { ProblemError, UnreachableError } from './client/errors.ts';
import type { Plural } from './client/runs.ts';
import { operationsText } from './operation-lines.ts';
import { duration, rateText } from './run-output.ts';
import { openScreen } from './screen.ts';
import { volumesText, volumesUnderWay } from './volume-lines.ts';

/** Pause between two looks at a run. */
const LOOK_PAUSE_MS = 300;
/** How long an API that does not answer is waited for. */
const PATIENCE_MS = 300_000;
/** Looks in a row at a run that is no longer being deleted, before it counts as kept. */
const KEPT_LOOKS = 3;

/** Waits for a run's end and shows on standard error how far it is. */
export function waitForEnd<Resource extends RunResource>(
  client: ApiClient,
  plural: Plural,
  name: string,
): Promise<Resource> {
  return watch<Resource>(
    () => client.runs.get(plural, name),
    (run) => isEndPhase(run.status.phase),
  );
}

/** Waits for the end of a deletion. Answers whether the run is gone; if not, the deletion ended without success. */
export async function waitUntilGone(
  client: ApiClient,
  plural: Plural,
  name: string,
): Promise<boolean> {
  let keptLooks = 0;
  try {
    await watch<RunResource>(
      () => client.runs.get(plural, name),
      ({ status }) => {
        // An API that cannot ask Temporal for a moment shows the run without its deletion.
        keptLooks = status.phase === 'Deleting' ? 0 : keptLooks + 1;
        return keptLooks === KEPT_LOOKS;
      },
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
): Promise<Resource> {
  const screen = openScreen(process.stderr);
  let answeredAt = Date.now();
  try {
    for (;;) {
      const run = await look(get);
      if (run !== undefined) {
        answeredAt = Date.now();
        screen.show(progressText(run), run.status.volumes && volumesUnderWay(run.status.volumes));
      } else if (Date.now() - answeredAt > PATIENCE_MS) {
        return await get();
      } else {
        screen.show('the API does not answer; trying again');
      }
      if (run !== undefined && isOver(run)) {
        return run;
      }
      await sleep(LOOK_PAUSE_MS);
    }
  } finally {
    screen.end();
  }
}

/** A look at the run; undefined while the API, or what it needs, is away. */
async function look<Resource extends RunResource>(
  get: () => Promise<Resource>,
): Promise<Resource | undefined> {
  try {
    return await get();
  } catch (error) {
    const isAway = error instanceof ProblemError && error.problem.retryable;
    if (isAway || error instanceof UnreachableError) {
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
