import { PLUGIN } from '../../domain/plugins/plugin-resource.ts';
import type { Dependencies } from '../dependencies.ts';
import type { PluginInput, RemovePluginResult } from '../plugin-contract.ts';
import { pluginItem } from './registry.ts';

interface RemoveDependencies extends Pick<Dependencies, 'namespace'> {
  readonly cluster: Pick<Dependencies['cluster'], 'read' | 'remove'>;
}

/** See `PluginRegistryActivities`. */
export async function removePlugin(
  { cluster, namespace }: RemoveDependencies,
  { name }: PluginInput,
): Promise<RemovePluginResult> {
  const item = pluginItem(namespace, name);
  const live = await cluster.read(PLUGIN, item);
  if (live === undefined) {
    return { isRemoved: false };
  }
  const { uid = '', resourceVersion = '' } = live.metadata;
  await cluster.remove(PLUGIN, item, { uid, resourceVersion, propagation: 'Background' });
  return { isRemoved: true };
}
