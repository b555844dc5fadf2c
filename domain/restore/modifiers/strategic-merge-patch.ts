import { isSameScalar } from '../../exact-number.ts';
import { Failure } from '../../failure.ts';
import { type Fields, isMapping } from '../../fields.ts';
import { isSameShape } from '../json-value.ts';
import type { KindMergeKeys, ListMerge } from './merge-keys.ts';
import { inAskedOrder, mergeLists, requireOrdered } from './merge-lists.ts';
import {
  DIRECTIVE,
  isDeletion,
  plainValue,
  RETAIN_KEYS,
  sortPatch,
  withoutDirectives,
} from './patch-directives.ts';

/**
 * What a strategic merge patch makes of an object, neither of which is changed. Follows StrategicMergeMapPatch of
 * apimachinery, and leaves nothing to chance where that goes by the order of a Go map. Throws `modifier-not-usable`.
 */
export function applyStrategicMergePatch(
  object: Fields,
  patch: Fields,
  keys: KindMergeKeys,
): Fields {
  return new Merge(keys).mappings(object, patch, '');
}

class Merge {
  readonly #keys: KindMergeKeys;

  constructor(keys: KindMergeKeys) {
    this.#keys = keys;
  }

  /** Merges what stands at a path of `KindMergeKeys`, which ends with a slash where it is not empty. */
  mappings(original: Fields, patch: Fields, path: string): Fields {
    switch (patch[DIRECTIVE]) {
      case undefined:
        break;
      case 'replace':
        return withoutDirectives(patch);
      case 'delete':
        return {};
      default:
        throw new Failure('modifier-not-usable', '$patch must be "replace" or "delete"');
    }
    const { content, orders, deletions } = sortPatch(patch);
    const merged = new Map(Object.entries(retained(original, patch[RETAIN_KEYS], content)));
    for (const [name, values] of deletions) {
      deleteValues(merged, name, values);
    }
    for (const [name, value] of content) {
      this.#field(merged, { name, value, path });
    }
    for (const [name, order] of orders) {
      const rule = this.#keys.lists[`${path}${name}`];
      orderList(merged, { name, order, original: original[name], patch: content.get(name), rule });
    }
    return Object.fromEntries(merged);
  }

  #field(
    merged: Map<string, unknown>,
    { name, value, path }: { name: string; value: unknown; path: string },
  ): void {
    const present = merged.get(name);
    if (value === null) {
      merged.delete(name);
    } else if (isSameShape(present, value)) {
      merged.set(name, this.#sameShape(present, value, `${path}${name}`));
    } else if (isDeletion(value)) {
      merged.delete(name);
    } else {
      merged.set(name, plainValue(value));
    }
  }

  #sameShape(present: unknown, value: unknown, path: string): unknown {
    if (isMapping(present) && isMapping(value)) {
      return this.mappings(present, value, `${path}/`);
    }
    const rule = this.#keys.lists[path];
    if (rule === undefined || !Array.isArray(present) || !Array.isArray(value)) {
      return plainValue(value);
    }
    return mergeLists(present, value, {
      ...rule,
      mergeElements: (original, patch) => this.mappings(original, patch, `${path}/*/`),
    });
  }
}

/** The fields that `$retainKeys` leaves; the patch may set no others. */
function retained(
  original: Fields,
  retainKeys: unknown,
  content: ReadonlyMap<string, unknown>,
): Fields {
  if (retainKeys === undefined) {
    return original;
  }
  const names = new Set<unknown>(elementsOf(retainKeys, RETAIN_KEYS));
  if ([...content].some(([name, value]) => value !== null && !names.has(name))) {
    throw new Failure('modifier-not-usable', '$retainKeys leaves out a field that the patch sets');
  }
  return Object.fromEntries(Object.entries(original).filter(([name]) => names.has(name)));
}

function deleteValues(merged: Map<string, unknown>, name: string, values: unknown): void {
  const present = merged.get(name);
  if (Array.isArray(present)) {
    const gone = elementsOf(values, '$deleteFromPrimitiveList');
    const kept = present.filter((one: unknown) => !gone.some((value) => isSameScalar(one, value)));
    merged.set(name, kept);
  }
}

interface Ordered {
  readonly name: string;
  readonly order: unknown;
  /** The list of the object, and that of the patch, if they have it. */
  readonly original: unknown;
  readonly patch: unknown;
  readonly rule: ListMerge | undefined;
}

function orderList(
  merged: Map<string, unknown>,
  { name, order, original = [], patch = [], rule = {} }: Ordered,
): void {
  const list = merged.get(name);
  if (list === undefined) {
    return;
  }
  const asked = elementsOf(order, '$setElementOrder');
  requireOrdered(elementsOf(patch ?? [], name), asked, rule.mergeKey);
  merged.set(
    name,
    inAskedOrder(elementsOf(list, name), {
      order: asked,
      original: elementsOf(original, name),
      ...rule,
    }),
  );
}

function elementsOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new Failure('modifier-not-usable', `${name} must be a list`);
  }
  return value;
}
