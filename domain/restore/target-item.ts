import { groupResource, type ItemReference } from '../item.ts';
import { mappedNamespace, type RestoreSpec } from '../restore.ts';

/** An item of the backup as it is in the cluster, where its namespace may have another name. */
export function targetItem(item: ItemReference, spec: RestoreSpec): ItemReference {
  const isNamespace = groupResource(item) === 'namespaces';
  return {
    group: item.group,
    resource: item.resource,
    namespace: item.namespace === '' ? '' : mappedNamespace(spec, item.namespace),
    name: isNamespace ? mappedNamespace(spec, item.name) : item.name,
  };
}
