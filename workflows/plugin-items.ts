import {
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';

import type { PluginRound } from '../activities/plugin-run-contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import { ANSWER_BYTES_MAX } from '../domain/plugins/contract-v1.ts';
import { type Activities, activitiesOf } from './activity-profiles.ts';
import type { PluginItemsInput, PluginItemsResult } from './contract.ts';
import { callFailure, type Caller, pluginOf } from './plugin-calls.ts';
import { inPool } from './pool.ts';

/** Calls of one run that are under way at the same time. */
const CALLS_IN_FLIGHT = 4;
/** Calls after which the workflow looks whether its history has become long. */
const CALLS_PER_LOOK = 40;
/** Items that plugins add are shown to plugins, and what those add again, so many times. */
const ROUNDS_MAX = 5;

/**
 * Asks plugins about the items of a backup; a child of the backup. Round by round: the calls are planned, made, and their
 * answers stored; a later round is for the items that plugins have added. Answers that hold values of objects are sealed,
 * and pass through this workflow as cipher text. Continues as new when its history has become long.
 */
export async function pluginItems(input: PluginItemsInput): Promise<PluginItemsResult> {
  const activities = activitiesOf(input.cluster, input.patienceMs);
  let { rounds = [], next = 0, operations = 0, errors = 0 } = input;
  for (;;) {
    const last = rounds.at(-1);
    if (last === undefined || next >= last.calls) {
      const round = await planned(input, rounds, activities);
      if (round === undefined) {
        return { rounds, operations, errors };
      }
      rounds = [...rounds, round];
      next = 0;
      continue;
    }
    const calls = Array.from(
      { length: Math.min(CALLS_PER_LOOK, last.calls - next) },
      (_, index) => next + index,
    );
    const stored = await inPool(calls, CALLS_IN_FLIGHT, (call) =>
      ask(input, { round: last, call }, activities),
    );
    operations += stored.reduce((sum, one) => sum + one.operations, 0);
    errors += stored.reduce((sum, one) => sum + one.errors, 0);
    next += calls.length;
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof pluginItems>({ ...input, rounds, next, operations, errors });
    }
  }
}

/** The next round; undefined when there is nothing left to ask. */
async function planned(
  { run }: PluginItemsInput,
  rounds: readonly PluginRound[],
  activities: Activities,
): Promise<PluginRound | undefined> {
  if (rounds.length >= ROUNDS_MAX) {
    return undefined;
  }
  setCurrentDetails(`Choosing what plugins are asked about, round ${String(rounds.length + 1)}`);
  const round = await activities
    .long('Choose the items that plugins see')
    .planPluginCalls({ ...run, rounds });
  return round.calls === 0 ? undefined : round;
}

interface Call {
  readonly round: PluginRound;
  readonly call: number;
}

async function ask(
  { run, cluster }: PluginItemsInput,
  { round: { attempt, calls }, call }: Call,
  activities: Activities,
) {
  const at = { ...run, attempt, call };
  const summary = `Call ${String(call + 1)} of ${String(calls)}`;
  const { call: request, ...times } = await activities.short(summary).readPluginCall(at);
  const caller = { ...times, cluster };
  setCurrentDetails(`${summary}: plugin ${caller.plugin}, action ${request.action}`);
  const said = await answerTo(caller, () => pluginOf(caller)(request.action).backupItems(request));
  return activities
    .short(`Take the answer to call ${String(call + 1)}`)
    .storePluginAnswer({ ...at, ...said, answeredAt: recordTime(Date.now()) });
}

/** What a plugin says, or why it says nothing that can be used. */
async function answerTo(
  caller: Caller,
  call: () => Promise<unknown>,
): Promise<{ readonly answer: unknown } | { readonly failure: FailureReport }> {
  try {
    const answer = await call();
    // Counted in characters; what has more bytes than that is refused where the answer is stored.
    const size = JSON.stringify(answer ?? null).length;
    return size <= ANSWER_BYTES_MAX ? { answer } : { failure: tooLarge(caller, size) };
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    return { failure: callFailure(caller, error) };
  }
}

function tooLarge({ plugin }: Caller, size: number): FailureReport {
  const most = String(ANSWER_BYTES_MAX / 1024);
  const message = `the plugin ${plugin} answered with ${String(Math.round(size / 1024))} KiB; ${most} KiB are allowed`;
  return { code: 'plugin-answer-invalid', message, subject: `plugin ${plugin}` };
}
