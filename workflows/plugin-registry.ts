import { setCurrentDetails } from '@temporalio/workflow';

import type { ClusterActivities } from '../activities/contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { PluginLook, StoredPlugin } from '../domain/plugins/registry.ts';
import { activitiesOf } from './activity-profiles.ts';
import type { PluginRegistryAnswers, PluginRegistryInput } from './contract.ts';
import { describePlugin } from './describe-plugin.ts';
import { failureOf } from './failure.ts';

/** Somebody waits for the answer: what does not work soon is told. */
const PATIENCE_MS = 15_000;
/** How a plugin is asked when it is registered, and when somebody looks at it. */
const REGISTRATION = { queueWaitMs: 10_000, attempts: 3 } as const;
const LOOK = { queueWaitMs: 5000, attempts: 1 } as const;

type Answer = PluginRegistryAnswers[keyof PluginRegistryAnswers];
type About<Verb> = Extract<PluginRegistryInput, { readonly verb: Verb }>;

/** Answers one request to the registry of the plugins of a cluster. One state: it asks, and ends with the answer. */
export async function pluginRegistry(input: PluginRegistryInput): Promise<Answer> {
  const { cluster, verb } = input;
  const subject = verb === 'list' ? 'the plugins' : `the plugin ${input.name}`;
  const words = `${verb} ${subject} of cluster ${cluster}`;
  setCurrentDetails(`**Asking** · ${words}`);
  const activities = activitiesOf(cluster, PATIENCE_MS).short(words);
  switch (input.verb) {
    case 'register':
      return register(activities, input);
    case 'get':
      return look(activities, input);
    case 'list':
      return activities.listPlugins({ cluster });
    case 'remove':
      return activities.removePlugin({ name: input.name });
  }
}

/** A plugin that does not say what it does is not registered. */
async function register(
  activities: ClusterActivities,
  { cluster, name, spec }: About<'register'>,
): Promise<StoredPlugin> {
  const described = await describePlugin({ cluster, name, ...REGISTRATION });
  if ('failure' in described) {
    throw failureOf(described.failure);
  }
  const { answer } = described;
  return activities.storePlugin({ name, spec, answer, describedAt: recordTime(Date.now()) });
}

async function look(
  activities: ClusterActivities,
  { cluster, name }: About<'get'>,
): Promise<PluginLook> {
  const plugin = await activities.readPlugin({ name });
  const described = await describePlugin({ cluster, name, ...LOOK });
  if ('failure' in described) {
    const { failure } = described;
    const state = failure.code === 'plugin-not-served' ? 'NotServed' : 'Failed';
    return { plugin, health: { state, failure } };
  }
  return { plugin, health: await activities.checkPlugin({ plugin, answer: described.answer }) };
}
