import {
  ActivityFailure,
  type ActivityOptions,
  ApplicationFailure,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';

import type { PluginCall } from '../activities/plugin-run-contract.ts';
import type { FailureReport } from '../domain/failure.ts';
import { type CallFailure, callFailureText } from '../domain/plugins/call-failure.ts';
import type { PluginActivities } from '../domain/plugins/contract.ts';
import { OPERATION_RUNNING } from '../domain/plugins/contract-v1.ts';
import { notServed } from '../domain/plugins/registry.ts';
import { utf8Size } from '../domain/utf8-size.ts';
import { pluginTaskQueue } from '../domain/workflow-id.ts';
import { lastFailureOf } from './last-failure.ts';
import { isQueuedTooLong } from './run-tracker.ts';

/** Attempts of a call that fails. */
const ATTEMPTS_MAX = 5;
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 30_000;
/** How often operations are asked about, unless the plugin says when. */
const STATUS_FIRST_MS = 2000;
const STATUS_MAX_MS = 30_000;

/** Whose plugin it is, and how patient one is with it. */
export type Caller = Omit<PluginCall<unknown>, 'call'> & { readonly cluster: string };

/** The activities of a plugin. A call that nobody takes in time ends with a timeout from schedule to start. */
export function pluginOf(caller: Caller): (summary: string) => PluginActivities {
  return by(calls(caller));
}

/**
 * The same, to tell it of items. One that is cancelled has ended before the workflow goes on: what it began is not begun
 * after the cancel of operations.
 */
export function itemsOf(caller: Caller): (summary: string) => PluginActivities {
  return by({ ...calls(caller), cancellationType: 'WAIT_CANCELLATION_COMPLETED' });
}

/**
 * The same, to ask how far operations are: a plugin fails while one of them runs, so that Temporal asks again, which takes
 * neither a slot nor history between two attempts. Ends with a timeout from schedule to close.
 */
export function statusOf(caller: Caller, untilMs: number): (summary: string) => PluginActivities {
  return by({
    ...base(caller),
    scheduleToCloseTimeout: Math.max(untilMs, 1000),
    retry: {
      initialInterval: STATUS_FIRST_MS,
      backoffCoefficient: 1.5,
      maximumInterval: STATUS_MAX_MS,
    },
  });
}

function calls(caller: Caller): ActivityOptions {
  return {
    ...base(caller),
    retry: {
      initialInterval: RETRY_FIRST_MS,
      maximumInterval: RETRY_MAX_MS,
      maximumAttempts: ATTEMPTS_MAX,
    },
  };
}

/** Asks once how far operations are, and is told even when some of them run. */
export function lastStatusOf(caller: Caller): (summary: string) => PluginActivities {
  return by({ ...base(caller), retry: { maximumAttempts: 1 } });
}

/**
 * Makes a call, and once more when nobody has taken it in time: where Temporal itself was away, that time was over before
 * a plugin could ask.
 */
export async function whenServed<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    if (isQueuedTooLong(error)) {
      return call();
    }
    throw error;
  }
}

/** Whether no worker has taken any attempt of a call: the first one waited for it too long. */
export function isNeverTaken(error: unknown): boolean {
  return (
    isQueuedTooLong(error) &&
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    lastFailureOf(error.cause) === undefined
  );
}

/** What is wrong with an answer that is larger than it may be. */
export function sizeFault(
  { plugin }: Pick<Caller, 'plugin'>,
  answer: unknown,
  bytesMax: number,
): FailureReport | undefined {
  const bytes = utf8Size(JSON.stringify(answer ?? null));
  if (bytes <= bytesMax) {
    return undefined;
  }
  const [had, most] = [bytes, bytesMax].map((size) => String(Math.ceil(size / 1024)));
  const message = `the plugin ${plugin} answered with ${had ?? ''} KiB; ${most ?? ''} KiB are allowed`;
  return { code: 'plugin-answer-invalid', message, subject: `plugin ${plugin}` };
}

function by(options: ActivityOptions): (summary: string) => PluginActivities {
  return (summary) => proxyActivities<PluginActivities>({ ...options, summary });
}

function base({ cluster, plugin, callTimeoutMs, unavailableTimeoutMs }: Caller): ActivityOptions {
  return {
    taskQueue: pluginTaskQueue(cluster, plugin),
    startToCloseTimeout: callTimeoutMs,
    scheduleToStartTimeout: unavailableTimeoutMs,
  };
}

/** Why a call of a plugin has no answer. */
export function callFailure(
  { plugin, cluster }: Pick<Caller, 'plugin' | 'cluster'>,
  error: unknown,
): FailureReport {
  const subject = `plugin ${plugin}`;
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) {
    if (cause.timeoutType === 'SCHEDULE_TO_START') {
      return notServed(plugin, pluginTaskQueue(cluster, plugin));
    }
    const message = `the plugin ${plugin} did not answer in time (${String(cause.timeoutType)})`;
    return { code: 'plugin-failed', message, subject };
  }
  return { code: 'plugin-failed', message: callFailureText(plugin, failureOf(cause)), subject };
}

function failureOf(cause: unknown): CallFailure {
  if (cause instanceof ApplicationFailure) {
    return cause;
  }
  return { type: cause instanceof Error ? cause.name : undefined, message: '' };
}

/** What a plugin said last of its operations, by the failure with which it said that some run; undefined for others. */
export function lastStatus(error: unknown): unknown {
  let cause: unknown = error;
  while (cause instanceof ActivityFailure || cause instanceof TimeoutFailure) {
    cause = cause instanceof TimeoutFailure ? lastFailureOf(cause) : cause.cause;
  }
  return cause instanceof ApplicationFailure && cause.type === OPERATION_RUNNING
    ? cause.details?.[0]
    : undefined;
}

/**
 * Whether the time is over in which operations had to end, or is before another attempt: a server may then give what the
 * last attempt failed with.
 */
export function isDeadline(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    !isQueuedTooLong(error) &&
    (error.retryState === 'TIMEOUT' ||
      (error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'SCHEDULE_TO_CLOSE'))
  );
}
