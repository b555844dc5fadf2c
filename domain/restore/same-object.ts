import { copyOf } from '../exact-number.ts';
import { takeOutInitHooks } from '../hooks/init-hooks.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../item.ts';
import { applyTypeRules, type RuleContext } from './type-rules.ts';

/**
 * A live object without what the rules of its type take out of one of the backup, and what hooks of the restore add to
 * it, so that both can be compared. Its namespaces are those of the cluster already, and are not mapped.
 */
export function comparableObject(
  type: ResourceType,
  live: KubernetesObject,
  { spec, keptVolumes }: RuleContext,
): KubernetesObject {
  const object = copyOf(live);
  applyTypeRules(type, object, { keptVolumes, spec: { ...spec, namespaceMapping: {} } });
  if (groupResource(type) === 'pods') {
    takeOutInitHooks(object, spec.hooks);
  }
  return object;
}
