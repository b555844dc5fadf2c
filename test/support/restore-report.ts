import { gunzipSync } from 'node:zlib';

import { restoreKeys } from '../../domain/object-key.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import type { Installation } from './installation.ts';

/**
 * What an ended restore says of each item, as often as it says it: `v1/ConfigMap shop/settings(created)`, sorted. With
 * other names for some texts, so that reports of restores into different namespaces can be compared.
 */
export async function restoreReport(
  installation: Installation,
  name: string,
  otherNames: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const store = installation.store();
  try {
    const bytes = await readAll(store, restoreKeys(name).resourceList);
    // Velero's resource list: places with their verbs, by type.
    const list = JSON.parse(gunzipSync(bytes).toString()) as Record<string, string[]>;
    return Object.entries(list)
      .flatMap(([type, places]) => places.map((place) => `${type} ${place}`))
      .map((line) =>
        Object.entries(otherNames).reduce((text, [from, to]) => text.replace(from, to), line),
      )
      .sort();
  } finally {
    store.close();
  }
}
