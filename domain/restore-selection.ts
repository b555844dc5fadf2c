import { ALL_NAMESPACES, isNamespaceSelected } from './backup.ts';
import { groupResource, type ItemReference } from './item.ts';
import { NOT_RESTORED } from './restore-order.ts';
import type { RestoreSpec } from './restore.ts';

export const DEFINITION_TYPE = 'customresourcedefinitions.apiextensions.k8s.io';

export const VOLUME_TYPE = 'persistentvolumes';

/** Cluster-scoped types of which a restore of chosen namespaces takes what belongs to them. */
const RELATED: Readonly<Record<string, Selection>> = {
  [DEFINITION_TYPE]: 'definition',
  [VOLUME_TYPE]: 'volume',
};

/** How an item of a backup stands to a restore. */
export type Selection = 'restored' | 'notRestorable' | 'notSelected' | 'definition' | 'volume';

/**
 * Whether a restore takes an item. A definition is taken for the whole backup, and else only with custom
 * resources that it serves; a persistent volume else only with the claim that it is bound to: `definition` and
 * `volume` leave that to the caller, who has seen all items.
 */
export function selectItem(spec: RestoreSpec, item: ItemReference): Selection {
  const type = groupResource(item);
  if (NOT_RESTORED.has(type)) {
    return 'notRestorable';
  }
  if (item.namespace !== '') {
    return isNamespaceSelected(spec, item.namespace) ? 'restored' : 'notSelected';
  }
  if (type === 'namespaces') {
    return isNamespaceSelected(spec, item.name) ? 'restored' : 'notSelected';
  }
  if (spec.includedNamespaces.includes(ALL_NAMESPACES)) {
    return 'restored';
  }
  return RELATED[type] ?? 'notSelected';
}
