import { Failure } from '../../domain/failure.ts';
import type { RegisteredPlugin } from '../../domain/plugins/plugin.ts';
import { PLUGIN } from '../../domain/plugins/plugin-resource.ts';
import type { Dependencies } from '../dependencies.ts';
import type { PluginInput } from '../plugin-contract.ts';
import { pluginItem, pluginOf } from './registry.ts';

interface ReadDependencies extends Pick<Dependencies, 'namespace'> {
  readonly cluster: Pick<Dependencies['cluster'], 'read'>;
}

/** See `PluginRegistryActivities`. */
export async function readPlugin(
  { cluster, namespace }: ReadDependencies,
  { name }: PluginInput,
): Promise<RegisteredPlugin> {
  const object = await cluster.read(PLUGIN, pluginItem(namespace, name));
  if (object === undefined) {
    const text = `no plugin ${name} is registered; register it, or see which there are: holdfast plugin list`;
    throw new Failure('plugin-not-found', text, { subject: name });
  }
  return pluginOf(object);
}
