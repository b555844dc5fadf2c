import { copyOf, isSameScalar } from '../exact-number.ts';
import { isMapping } from '../fields.ts';
import type { KubernetesObject, ResourceType } from '../item.ts';
import { applyTypeRules, type RuleContext } from './type-rules.ts';

/** Fields that the server or a restore sets, and that say nothing about whether two objects are the same. */
const SET_ASIDE = new Set(['metadata', 'status', 'apiVersion', 'kind']);

/**
 * A live object without what the rules of its type take out of one of the backup, so that both can be compared. Its
 * namespaces are those of the cluster already, and are not mapped.
 */
export function comparableObject(
  type: ResourceType,
  live: KubernetesObject,
  { spec, keptVolumes }: RuleContext,
): KubernetesObject {
  const object = copyOf(live);
  applyTypeRules(type, object, { keptVolumes, spec: { ...spec, namespaceMapping: {} } });
  return object;
}

/**
 * Whether the live object has everything that the wanted one asks for. What the live one has beyond that was set
 * by the server: a default, an address, a port.
 */
export function hasContentOf(live: KubernetesObject, wanted: KubernetesObject): boolean {
  return Object.entries(wanted).every(
    ([field, value]) => SET_ASIDE.has(field) || contains(live[field], value),
  );
}

/** Whether a live value has everything that the wanted one has; lists must be of one length. */
function contains(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(live) &&
      live.length === wanted.length &&
      wanted.every((part, index) => contains(live[index], part))
    );
  }
  if (isMapping(wanted)) {
    if (!isMapping(live)) {
      return false;
    }
    const entries = new Map(Object.entries(live));
    return Object.entries(wanted).every(([key, part]) => contains(entries.get(key), part));
  }
  return isSameScalar(live, wanted);
}
