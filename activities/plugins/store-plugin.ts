import { canonicalJson } from '../../domain/canonical-json.ts';
import { Failure } from '../../domain/failure.ts';
import { fields } from '../../domain/fields.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { PLUGINS_MAX, type RegisteredPlugin } from '../../domain/plugins/plugin.ts';
import {
  partsOfPlugin,
  PLUGIN,
  PLUGIN_DEFINITION,
  pluginObject,
} from '../../domain/plugins/plugin-resource.ts';
import type { StoredPlugin } from '../../domain/plugins/registry.ts';
import type { Dependencies } from '../dependencies.ts';
import { ensureNamespace } from '../own-namespace.ts';
import { countOwn } from '../own-type.ts';
import type { StorePluginInput } from '../plugin-contract.ts';
import { checkedDescription } from './check-description.ts';
import { pluginItem } from './registry.ts';

const PLUGIN_TYPE = { type: PLUGIN, definition: PLUGIN_DEFINITION };
/** How often a plugin is written that somebody else writes at the same time. */
const TRIES_MAX = 5;

interface StoreDependencies extends Pick<Dependencies, 'namespace'> {
  readonly cluster: Pick<Dependencies['cluster'], 'count' | 'create' | 'patch' | 'read'>;
}

/** See `PluginRegistryActivities`. */
export async function storePlugin(
  deps: StoreDependencies,
  { name, spec, answer, describedAt }: StorePluginInput,
): Promise<StoredPlugin> {
  const plugin = { name, spec, description: checkedDescription(name, answer), describedAt };
  const count = await countOwn(deps.cluster, PLUGIN_TYPE, deps.namespace);
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const live = await deps.cluster.read(PLUGIN, pluginItem(deps.namespace, name));
    const isStored =
      live === undefined ? await create(deps, plugin, count) : await change(deps, plugin, live);
    if (isStored) {
      return { plugin, isNew: live === undefined || isOwnWrite(live, plugin) };
    }
  }
  const text = `the Plugin ${name} is changed again and again by somebody else; register it again`;
  throw new Failure('precondition-failed', text, { subject: name });
}

/** False where somebody else has made one meanwhile. */
async function create(
  { cluster, namespace }: StoreDependencies,
  plugin: RegisteredPlugin,
  count: number,
): Promise<boolean> {
  if (count >= PLUGINS_MAX) {
    const text = `the cluster has ${String(count)} plugins, and may have ${String(PLUGINS_MAX)}; remove one`;
    throw new Failure('quota-exceeded', text, { subject: plugin.name });
  }
  await ensureNamespace(cluster, namespace);
  return (await cluster.create(PLUGIN, pluginObject(plugin, namespace))).kind === 'created';
}

/** False where somebody else has changed it meanwhile, or removed it. */
async function change(
  { cluster, namespace }: StoreDependencies,
  plugin: RegisteredPlugin,
  live: KubernetesObject,
): Promise<boolean> {
  const { metadata, spec, status } = pluginObject(plugin, namespace);
  const { resourceVersion } = live.metadata;
  // A merge patch keeps what it does not name: what the plugin says no more is taken away by name.
  const old = fields(fields(live['status'])['description']);
  const gone = Object.fromEntries(Object.keys(old).map((field) => [field, null]));
  const merge = {
    metadata: { resourceVersion, labels: metadata.labels },
    spec,
    status: { ...fields(status), description: { ...gone, ...plugin.description } },
  };
  const item = pluginItem(namespace, plugin.name);
  try {
    return (await cluster.patch(PLUGIN, item, { merge })) !== undefined;
  } catch (error) {
    if (error instanceof Failure && error.code === 'precondition-failed') {
      return false;
    }
    throw error;
  }
}

/** Whether an earlier attempt, whose answer was lost, has made it. */
function isOwnWrite(live: KubernetesObject, plugin: RegisteredPlugin): boolean {
  const isFresh = live.metadata['generation'] === 1;
  return isFresh && canonicalJson(partsOfPlugin(live)) === canonicalJson(plugin);
}
