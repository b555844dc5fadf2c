import { parsePluginCallKey, pluginsPrefix } from '../domain/object-key.ts';
import type { ObjectStore } from './object-store/port.ts';

/** Whether the folder of a run keeps calls of plugins, by which what they may have begun is ended. */
export async function hasAskedPlugins(
  store: ObjectStore,
  folder: string,
  runUid: string,
): Promise<boolean> {
  for await (const page of store.list(pluginsPrefix(folder, runUid))) {
    if (page.some(({ key }) => parsePluginCallKey(key) !== undefined)) {
      return true;
    }
  }
  return false;
}
