import { isCancellation, proxyActivities } from '@temporalio/workflow';

import type { FailureReport } from '../domain/failure.ts';
import type { PluginActivities } from '../domain/plugins/contract.ts';
import { CONTRACT } from '../domain/plugins/contract-v1.ts';
import { pluginTaskQueue } from '../domain/workflow-id.ts';
import { callFailure } from './plugin-calls.ts';

/** Longest that one attempt may take, and all of them with their waits, in milliseconds. */
const ANSWER_MS = 5000;
const ANSWER_MAX_MS = 15_000;

/** Whom to ask, and how patiently. */
export interface Question {
  readonly cluster: string;
  readonly name: string;
  /** How long the plugin's worker may take to begin, in milliseconds. */
  readonly queueWaitMs: number;
  readonly attempts: number;
}

/** What a plugin says of itself, not looked at yet, or why it says nothing. */
export type Description = { readonly answer: unknown } | { readonly failure: FailureReport };

/** Asks a plugin what it does. */
export async function describePlugin(question: Question): Promise<Description> {
  const { cluster, name, queueWaitMs, attempts } = question;
  const plugin = proxyActivities<PluginActivities>({
    taskQueue: pluginTaskQueue(cluster, name),
    scheduleToStartTimeout: queueWaitMs,
    startToCloseTimeout: ANSWER_MS,
    scheduleToCloseTimeout: ANSWER_MAX_MS,
    retry: { initialInterval: 500, maximumAttempts: attempts },
    summary: `Ask the plugin ${name} what it does`,
  });
  try {
    return { answer: await plugin.describePlugin({ contract: CONTRACT, plugin: name, cluster }) };
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    return { failure: callFailure({ cluster, plugin: name }, error) };
  }
}
