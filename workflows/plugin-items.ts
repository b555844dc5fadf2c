import { continueAsNew, isCancellation, patched, setCurrentDetails } from '@temporalio/workflow';

import type { PluginRound, StoredAnswer } from '../activities/plugin-run-contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import { ANSWER_BYTES_MAX, ROUNDS_MAX } from '../domain/plugins/contract-v1.ts';
import { type Activities, activitiesOf } from './activity-profiles.ts';
import type { PluginItemsInput, PluginItemsResult } from './contract.ts';
import { isHistoryLong } from './history-length.ts';
import {
  callFailure,
  type Caller,
  isNeverTaken,
  itemsOf,
  sizeFault,
  whenServed,
} from './plugin-calls.ts';
import { inPool } from './pool.ts';

/**
 * Calls of one run that are under way at the same time. Those of a restore carry objects, up to 1.4 MB each, and Temporal takes
 * 4 MB at a time from a workflow.
 */
const CALLS_IN_FLIGHT = { Backup: 4, Restore: 2 } as const;
/** Calls after which the workflow looks whether its history has become long. */
const CALLS_PER_LOOK = 8;

/**
 * Asks plugins about the items of a backup, or of some shards of a restore; a child of the run. Round by round: the calls
 * are planned, made, and their answers stored; a later round is for the items that plugins have added. Answers that hold values of objects are sealed,
 * and pass through this workflow as cipher text. Continues as new when its history has become long.
 */
export async function pluginItems(input: PluginItemsInput): Promise<PluginItemsResult> {
  const activities = activitiesOf(input.cluster, input.patienceMs);
  const patience: Patience = { before: new Set(input.away), away: new Map() };
  let { rounds = [], next = 0, counts = NONE } = input;
  for (;;) {
    const last = rounds.at(-1);
    if (last === undefined || next >= last.calls) {
      const round = isLast(input, rounds, counts)
        ? undefined
        : await planned(input, rounds, activities);
      if (round === undefined) {
        return { rounds: lastAdded(rounds), ...counts, ...awayField(patience) };
      }
      rounds = [...rounds, round];
      next = 0;
      continue;
    }
    const calls = numbers(next, Math.min(next + CALLS_PER_LOOK, last.calls));
    const stored = await inPool(calls, callsInFlight(input), (call) =>
      ask(input, { round: last, call, patience }, activities),
    );
    counts = stored.reduce(sum, counts);
    next += calls.length;
    if (isHistoryLong()) {
      const away = awayNames(patience);
      await continueAsNew<typeof pluginItems>({ ...input, rounds, next, counts, away });
    }
  }
}

const NONE: StoredAnswer = { operations: 0, voids: 0, errors: 0 };

function sum(left: StoredAnswer, right: StoredAnswer): StoredAnswer {
  return {
    operations: left.operations + right.operations,
    voids: left.voids + right.voids,
    errors: left.errors + right.errors,
    added: (left.added ?? 0) + (right.added ?? 0),
    ...((left.addsVolumes ?? right.addsVolumes) ? { addsVolumes: true } : {}),
  };
}

function awayField(patience: Patience): Pick<PluginItemsResult, 'away'> {
  const away = awayNames(patience);
  return away.length === 0 ? {} : { away };
}

/** A restore has one round more, which stores what the last answers add, and asks nothing. */
function isLast(
  { run }: PluginItemsInput,
  rounds: readonly PluginRound[],
  { added = 0 }: StoredAnswer,
): boolean {
  const last = rounds.at(-1);
  return run.kind === 'Restore'
    ? last !== undefined && (added === 0 || last.calls === 0)
    : rounds.length >= ROUNDS_MAX;
}

/** The rounds of a run; what is added to a restore is told once, by the last of them that adds something. */
function lastAdded(rounds: readonly PluginRound[]): readonly PluginRound[] {
  const last = rounds.findLast(({ added }) => added !== undefined);
  return rounds.map((round) => {
    const { added, ...rest } = round;
    return added === undefined || round === last ? round : rest;
  });
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function callsInFlight({ run }: PluginItemsInput): number {
  const isFew = run.kind === 'Restore' && patched('few-calls-with-objects');
  return CALLS_IN_FLIGHT[isFew ? 'Restore' : 'Backup'];
}

/** The next round; undefined when there is nothing left to ask. */
async function planned(
  { run, shards }: PluginItemsInput,
  rounds: readonly PluginRound[],
  activities: Activities,
): Promise<PluginRound | undefined> {
  setCurrentDetails(`Choosing what plugins are asked about, round ${String(rounds.length + 1)}`);
  const round = await activities
    .long('Choose the items that plugins see')
    .planPluginCalls({ ...run, rounds, ...(shards === undefined ? {} : { shards }) });
  // One without calls may have something to say: that nobody could be asked.
  const { calls, problems, added } = round;
  return calls === 0 && problems === undefined && added === undefined ? undefined : round;
}

interface Call {
  readonly round: PluginRound;
  readonly call: number;
  readonly patience: Patience;
}

async function ask(
  { run, cluster }: PluginItemsInput,
  { round: { attempt, calls }, call, patience }: Call,
  activities: Activities,
) {
  const at = { ...run, attempt, call };
  const summary = `Call ${String(call + 1)} of ${String(calls)}`;
  const { call: request, ...times } = await activities.short(summary).readPluginCall(at);
  const caller = briefly({ ...times, cluster }, patience);
  setCurrentDetails(`${summary}: plugin ${caller.plugin}, action ${request.action}`);
  const plugin = itemsOf(caller)(request.action);
  const said = await answerTo(caller, patience, () =>
    run.kind === 'Restore' ? plugin.restoreItems(request) : plugin.backupItems(request),
  );
  return activities
    .short(`Take the answer to call ${String(call + 1)}`)
    .storePluginAnswer({ ...at, ...said, answeredAt: recordTime(Date.now()) });
}

/** What a plugin says, or why it says nothing that can be used. */
type Said =
  { readonly answer: unknown } | { readonly failure: FailureReport; readonly isUntaken?: true };

/** How long a call waits for a worker of a plugin that the run has waited for in vain. */
const AWAY_WAIT_MS = 5000;

/** Which plugins are not waited for as long as they may be away. */
interface Patience {
  /** Those that were away when the run asked before: they may be back. */
  readonly before: Set<string>;
  /** Those that are away now, and what is said of each: they are not called again. */
  readonly away: Map<string, FailureReport>;
}

function briefly(caller: Caller, { before }: Patience): Caller {
  const { plugin, unavailableTimeoutMs } = caller;
  return before.has(plugin)
    ? { ...caller, unavailableTimeoutMs: Math.min(unavailableTimeoutMs, AWAY_WAIT_MS) }
    : caller;
}

/** Those that the run does not wait for long when it asks again. */
function awayNames({ before, away }: Patience): string[] {
  return [...new Set([...before, ...away.keys()])];
}

async function answerTo(
  caller: Caller,
  { before, away }: Patience,
  call: () => Promise<unknown>,
): Promise<Said> {
  const known = away.get(caller.plugin);
  if (known !== undefined) {
    return { failure: known, isUntaken: true };
  }
  const failures: unknown[] = [];
  const heard = async (): Promise<unknown> => {
    try {
      return await call();
    } catch (error) {
      failures.push(error);
      throw error;
    }
  };
  try {
    const answer = await (before.has(caller.plugin) ? heard() : whenServed(heard));
    before.delete(caller.plugin);
    const fault = sizeFault(caller, answer, ANSWER_BYTES_MAX);
    return fault === undefined ? { answer } : { failure: fault };
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    const failure = callFailure(caller, error);
    if (failure.code === 'plugin-not-served') {
      away.set(caller.plugin, failure);
    }
    return { failure, ...(failures.every(isNeverTaken) ? { isUntaken: true } : {}) };
  }
}
