import { compareText } from '../../domain/compare-text.ts';
import { Failure } from '../../domain/failure.ts';
import type { ItemReference, KubernetesObject } from '../../domain/item.ts';
import type { RegisteredPlugin } from '../../domain/plugins/plugin.ts';
import { partsOfPlugin, PLUGIN } from '../../domain/plugins/plugin-resource.ts';
import { completePluginSpec, pluginSpecErrors } from '../../domain/plugins/plugin-spec.ts';
import type { Dependencies } from '../dependencies.ts';
import { isUnserved } from '../own-type.ts';
import { checkedDescription } from './check-description.ts';

/** What activities that read the registry need. */
export interface RegistryDependencies extends Pick<Dependencies, 'namespace'> {
  readonly cluster: Pick<Dependencies['cluster'], 'discover' | 'listPages'>;
}

/**
 * The registered plugins of the cluster, by name; none where the cluster does not know the type. Throws
 * `plugin-answer-invalid` and `invalid-request` for one that cannot be used: it must not be passed over in silence.
 */
export async function readPlugins({
  cluster,
  namespace,
}: RegistryDependencies): Promise<readonly RegisteredPlugin[]> {
  const { signal } = new AbortController();
  const plugins: RegisteredPlugin[] = [];
  try {
    const options = { signal, isMixedAllowed: true };
    for await (const page of cluster.listPages({ type: PLUGIN, namespace }, options)) {
      plugins.push(...page.map(({ object }) => pluginOf(object)));
    }
  } catch (error) {
    if (await isUnserved(cluster, PLUGIN, error)) {
      return [];
    }
    throw error;
  }
  return plugins.sort((left, right) => compareText(left.name, right.name));
}

/** Where a plugin is kept. */
export function pluginItem(namespace: string, name: string): ItemReference {
  const { group, resource } = PLUGIN;
  return { group, resource, namespace, name };
}

/** A plugin as it is kept; it is checked, as people can write to it. Throws as `readPlugins` does. */
export function pluginOf(object: KubernetesObject): RegisteredPlugin {
  const { name, spec, description, describedAt } = partsOfPlugin(object);
  const [error] = pluginSpecErrors(spec);
  if (error !== undefined) {
    const text = `the Plugin ${name} cannot be used: ${error.detail}; correct it, or register it again`;
    throw new Failure('invalid-request', text, { subject: name });
  }
  return {
    name,
    spec: completePluginSpec(spec),
    description: checkedDescription(name, description),
    describedAt,
  };
}
