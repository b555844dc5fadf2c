import type { KubernetesObject } from './item.ts';

/** Fields that the server or a restore sets, and that say nothing about whether two objects are the same. */
const SET_ASIDE = new Set(['metadata', 'status', 'apiVersion', 'kind']);

/**
 * Whether the live object has everything that the wanted one asks for. What the live one has beyond that was set
 * by the server: a default, an address, a port.
 */
export function hasContentOf(live: KubernetesObject, wanted: KubernetesObject): boolean {
  return Object.entries(wanted).every(
    ([field, value]) => SET_ASIDE.has(field) || contains(live[field], value),
  );
}

function contains(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(live) &&
      live.length === wanted.length &&
      wanted.every((part, index) => contains(live[index], part))
    );
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof live !== 'object' || live === null) {
      return false;
    }
    const entries = new Map<string, unknown>(Object.entries(live));
    return Object.entries(wanted).every(([key, part]) => contains(entries.get(key), part));
  }
  return live === wanted;
}
