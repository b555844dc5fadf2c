import { isSameScalar } from '../../exact-number.ts';
import { Failure } from '../../failure.ts';
import { type Fields, isMapping } from '../../fields.ts';
import { identityOf, inPatchOrder } from './list-order.ts';
import { DIRECTIVE, withoutDirectives } from './patch-directives.ts';

export interface ListRules {
  /** See `ListMerge`. */
  readonly mergeKey?: string;
  /** Merges an element of the patch into the one of the object. */
  readonly mergeElements: (original: Fields, patch: Fields) => Fields;
}

type Elements = readonly unknown[];

/** What a strategic merge patch makes of a list that is merged; throws `modifier-not-usable`. Neither list is changed. */
export function mergeLists(original: Elements, patch: Elements, rules: ListRules): unknown[] {
  const all = [...original, ...patch];
  if (all.every(isMapping)) {
    return mergeObjects(original.filter(isMapping), patch.filter(isMapping), rules);
  }
  if (all.some((element) => typeof element === 'object' && element !== null)) {
    throw new Failure('modifier-not-usable', 'a list that is merged has elements of several kinds');
  }
  return inPatchOrder(unique(all), {
    patch: patch.map((element) => identityOf(element, undefined)),
    original: original.map((element) => identityOf(element, undefined)),
    mergeKey: undefined,
  });
}

/** A list in the order that `$setElementOrder` asks for; what it does not name keeps its order. */
export function inAskedOrder(
  merged: Elements,
  { order, original, mergeKey }: { order: Elements; original: Elements; mergeKey?: string },
): unknown[] {
  return inPatchOrder(merged, {
    patch: identities(order, mergeKey),
    original: identities(original, mergeKey),
    mergeKey,
  });
}

/**
 * Refuses a patch whose elements `$setElementOrder` does not name, or names in another order; elements that the patch
 * deletes have no place in it.
 */
export function requireOrdered(patch: Elements, order: Elements, mergeKey?: string): void {
  const kept = patch.filter((element) => !isMapping(element) || !Object.hasOwn(element, DIRECTIVE));
  const places = identities(kept, mergeKey).map((identity) =>
    identities(order, mergeKey).indexOf(identity),
  );
  const isOrdered = places.every((place, at) => place > (places[at - 1] ?? -1));
  if (order.length > 0 && !isOrdered) {
    throw new Failure('modifier-not-usable', 'the elements of the list are not in that order');
  }
}

function mergeObjects(
  original: readonly Fields[],
  patch: readonly Fields[],
  rules: ListRules,
): unknown[] {
  const { mergeKey, mergeElements } = rules;
  if (mergeKey === undefined) {
    throw new Failure('modifier-not-usable', 'the list is merged, and no field names its elements');
  }
  const { elements, deleted, isReplaced } = sorted(patch, mergeKey);
  if (isReplaced) {
    return elements.map(withoutDirectives);
  }
  const kept = original.filter(
    (element) => !deleted.some((value) => isSameScalar(element[mergeKey], value)),
  );
  const merged = [...kept];
  for (const element of elements) {
    const value = keyOf(element, mergeKey);
    const at = merged.findIndex((one) => isSameScalar(one[mergeKey], value));
    const found = merged[at];
    if (found === undefined) {
      merged.push(withoutDirectives(element));
    } else {
      merged[at] = mergeElements(found, element);
    }
  }
  return inPatchOrder(merged, {
    patch: identities(elements, mergeKey),
    original: identities(kept, mergeKey),
    mergeKey,
  });
}

/** The elements of a patch that are merged, and what its directives say. */
function sorted(
  patch: readonly Fields[],
  mergeKey: string,
): { elements: Fields[]; deleted: unknown[]; isReplaced: boolean } {
  const elements: Fields[] = [];
  const deleted: unknown[] = [];
  let isReplaced = false;
  for (const element of patch) {
    switch (element[DIRECTIVE]) {
      case undefined:
        elements.push(element);
        break;
      case 'delete':
        deleted.push(keyOf(element, mergeKey));
        break;
      case 'replace':
        isReplaced = true;
        break;
      default:
        throw new Failure('modifier-not-usable', '$patch must be "delete" or "replace" in a list');
    }
  }
  return { elements, deleted, isReplaced };
}

function keyOf(element: Fields, mergeKey: string): unknown {
  if (!Object.hasOwn(element, mergeKey)) {
    throw new Failure('modifier-not-usable', `an element of the patch has no field ${mergeKey}`);
  }
  return element[mergeKey];
}

function identities(elements: Elements, mergeKey: string | undefined): string[] {
  return elements.map((element) => identityOf(element, mergeKey));
}

/** Plain values, each once. */
function unique(values: Elements): unknown[] {
  return [...new Map(values.map((value) => [identityOf(value, undefined), value])).values()];
}
