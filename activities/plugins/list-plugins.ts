import { notServed, type PluginHealth, summaryOf } from '../../domain/plugins/registry.ts';
import { pluginTaskQueue } from '../../domain/workflow-id.ts';
import type { Dependencies } from '../dependencies.ts';
import type { ListPluginsInput, ListPluginsResult } from '../plugin-contract.ts';
import { readPlugins, type RegistryDependencies } from './registry.ts';

interface ListDependencies extends RegistryDependencies, Pick<Dependencies, 'isServed'> {}

/** See `PluginRegistryActivities`. */
export async function listPlugins(
  deps: ListDependencies,
  { cluster }: ListPluginsInput,
): Promise<ListPluginsResult> {
  const healthOf = async (name: string): Promise<PluginHealth> => {
    const taskQueue = pluginTaskQueue(cluster, name);
    return (await deps.isServed(taskQueue))
      ? { state: 'Ready' }
      : { state: 'NotServed', failure: notServed(name, taskQueue) };
  };
  const plugins = (await readPlugins(deps)).map(async (plugin) =>
    summaryOf(plugin, await healthOf(plugin.name)),
  );
  return { plugins: await Promise.all(plugins) };
}
