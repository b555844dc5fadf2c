import { type Fields, isMapping } from '../../fields.ts';

/** Fields of strategic merge patches that say how to merge (apimachinery, pkg/util/strategicpatch). */
export const DIRECTIVE = '$patch';
export const RETAIN_KEYS = '$retainKeys';
const ELEMENT_ORDER = '$setElementOrder/';
const DELETED_ELEMENTS = '$deleteFromPrimitiveList/';

/** A patch, by what its fields say. */
export interface SortedPatch {
  /** Fields of the object. */
  readonly content: ReadonlyMap<string, unknown>;
  /** By the name of a list: the order of its elements. */
  readonly orders: ReadonlyMap<string, unknown>;
  /** By the name of a list: the plain values to take out of it. */
  readonly deletions: ReadonlyMap<string, unknown>;
}

export function sortPatch(patch: Fields): SortedPatch {
  const content = new Map<string, unknown>();
  const orders = new Map<string, unknown>();
  const deletions = new Map<string, unknown>();
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(ELEMENT_ORDER)) {
      orders.set(name.slice(ELEMENT_ORDER.length), value);
    } else if (name.startsWith(DELETED_ELEMENTS)) {
      deletions.set(name.slice(DELETED_ELEMENTS.length), value);
    } else if (name !== RETAIN_KEYS) {
      content.set(name, value);
    }
  }
  return { content, orders, deletions };
}

/** A part of a patch where the object has nothing to merge it with: without directives, and without what is deleted. */
export function withoutDirectives(patch: Fields): Fields {
  const kept = Object.entries(patch).filter(
    ([name, value]) => !isDirective(name) && value !== null && !isDeletion(value),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, plainValue(value)]));
}

/** See `withoutDirectives`. */
export function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((element) => !isDeletion(element)).map(plainValue);
  }
  return isMapping(value) ? withoutDirectives(value) : value;
}

/** Whether a value is there for its directive alone; as in Kubernetes, that goes for what `replace` stands beside. */
export function isDeletion(value: unknown): boolean {
  return isMapping(value) && Object.hasOwn(value, DIRECTIVE);
}

function isDirective(name: string): boolean {
  return (
    name === DIRECTIVE ||
    name === RETAIN_KEYS ||
    name.startsWith(ELEMENT_ORDER) ||
    name.startsWith(DELETED_ELEMENTS)
  );
}
