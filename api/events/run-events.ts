import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { RunResource } from '../../domain/api-resource.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { Failure, type FailureReport } from '../../domain/failure.ts';
import { isEndPhase } from '../../domain/phase.ts';

/** How often a run is looked at, and after how long a stream that has nothing to tell says so. */
const LOOK_MS = 1000;
const KEEP_ALIVE_MS = 15_000;
const ID_LENGTH = 16;

/**
 * What is told of a run. `phase`: it is in another phase; `progress`: something else of it differs; `done`: it has ended,
 * which is the last event; `gone`: it has been deleted, which is the last one too; `problem`: it cannot be looked at now,
 * which is tried again. Data is the run, as `GET` gives it, or the problem.
 */
type RunEvent =
  | {
      readonly event: 'phase' | 'progress' | 'done';
      /** Of what is told: the same again means that nothing differs. */
      readonly id: string;
      readonly data: RunResource;
    }
  | { readonly event: 'problem'; readonly data: FailureReport }
  | { readonly event: 'gone'; readonly data: { readonly name: string } };

/** An event, or that there is none, so that nobody on the way takes the stream for dead. */
export type Told = RunEvent | 'keep-alive';

export interface Watch {
  readonly name: string;
  /** Looks at the run; for who looks every second, what others saw will do. Throws what `GET` throws. */
  readonly look: () => Promise<RunResource>;
  /** Id of the last event that the client has. */
  readonly lastId: string | undefined;
  /** Aborted when the client goes, and when the process ends. */
  readonly signal: AbortSignal;
  readonly lookMs?: number;
}

/** Follows a run until it has ended or is gone. Throws what the first look throws. */
export async function* runEvents(watch: Watch): AsyncGenerator<Told, void> {
  const { name, look, signal, lookMs = LOOK_MS } = watch;
  let last: Pick<Seen, 'id' | 'phase'> = { id: watch.lastId ?? '', phase: '' };
  let quietSince = Date.now();
  let seen: Seen | FailureReport | undefined = seenOf(await look());
  while (!signal.aborted) {
    const told = tell(seen, last);
    if (told !== undefined) {
      yield told;
      quietSince = Date.now();
    } else if (Date.now() - quietSince >= KEEP_ALIVE_MS) {
      yield 'keep-alive';
      quietSince = Date.now();
    }
    if (isSeen(seen)) {
      last = seen;
      if (isEndPhase(seen.run.status.phase)) {
        return;
      }
    } else {
      last = { ...last, id: seen.code };
    }
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    seen = await lookAgain(look);
    if (seen === undefined) {
      yield { event: 'gone', data: { name } };
      return;
    }
  }
}

interface Seen {
  readonly id: string;
  readonly phase: string;
  readonly run: RunResource;
}

function isSeen(seen: Seen | FailureReport): seen is Seen {
  return 'run' in seen;
}

function seenOf(run: RunResource): Seen {
  const digest = createHash('sha256').update(canonicalJson(run)).digest('hex');
  return { id: digest.slice(0, ID_LENGTH), phase: run.status.phase, run };
}

/** What a later look shows; undefined when the run is gone. */
async function lookAgain(look: Watch['look']): Promise<Seen | FailureReport | undefined> {
  try {
    return seenOf(await look());
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    const { code, message } = error;
    return code === 'not-found' ? undefined : { code, message };
  }
}

function tell(seen: Seen | FailureReport, last: { id: string; phase: string }): Told | undefined {
  if (!isSeen(seen)) {
    return seen.code === last.id ? undefined : { event: 'problem', data: seen };
  }
  const { id, phase, run } = seen;
  if (isEndPhase(run.status.phase)) {
    // Told to who has it already, too: it is the end of the stream.
    return { event: 'done', id, data: run };
  }
  if (id === last.id) {
    return undefined;
  }
  return { event: phase === last.phase ? 'progress' : 'phase', id, data: run };
}

/** As `text/event-stream` has it. */
export function asServerSent(told: Told): string {
  if (told === 'keep-alive') {
    return ': nothing new\n\n';
  }
  const id = 'id' in told ? `id: ${told.id}\n` : '';
  return `${id}event: ${told.event}\ndata: ${JSON.stringify(told.data)}\n\n`;
}

/** One line of JSON; an empty one where there is nothing to tell. */
export function asLine(told: Told): string {
  return told === 'keep-alive' ? '\n' : `${JSON.stringify(told)}\n`;
}
