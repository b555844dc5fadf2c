import { isMapping } from '../../fields.ts';

/**
 * What says which elements of a list are the same: the value of the merge key, or the element itself where there is
 * none. As a text, so that it can be looked up; numbers keep their digits.
 */
export function identityOf(element: unknown, mergeKey: string | undefined): string {
  const value = mergeKey !== undefined && isMapping(element) ? element[mergeKey] : element;
  return JSON.stringify(value);
}

interface Orders {
  /** Identities as a patch has them. */
  readonly patch: readonly string[];
  /** Identities as the object had them. */
  readonly original: readonly string[];
  readonly mergeKey: string | undefined;
}

/**
 * Puts a merged list into the order of strategic merge patches (normalizeElementOrder of apimachinery): what the patch
 * names keeps the order of the patch, the rest that of the object, and each of the rest comes before the first of the
 * patch that stood behind it. So what is new comes first.
 */
export function inPatchOrder(
  merged: readonly unknown[],
  { patch, original, mergeKey }: Orders,
): unknown[] {
  const ofPatch = positions(patch);
  const ofOriginal = positions(original);
  const place = (element: unknown, places: ReadonlyMap<string, number>): number | undefined =>
    places.get(identityOf(element, mergeKey));
  const sorted = (elements: readonly unknown[], places: ReadonlyMap<string, number>): unknown[] =>
    elements.toSorted((one, other) => (place(one, places) ?? 0) - (place(other, places) ?? 0));
  const isNamed = (element: unknown): boolean => place(element, ofPatch) !== undefined;
  const named = sorted(merged.filter(isNamed), ofPatch);
  const rest = sorted(
    merged.filter((element) => !isNamed(element)),
    ofOriginal,
  );
  const ordered: unknown[] = [];
  for (const element of named) {
    const before = place(element, ofOriginal);
    while (before !== undefined && (place(rest[0], ofOriginal) ?? Infinity) < before) {
      ordered.push(rest.shift());
    }
    ordered.push(element);
  }
  return [...ordered, ...rest];
}

function positions(identities: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [index, identity] of identities.entries()) {
    if (!places.has(identity)) {
      places.set(identity, index);
    }
  }
  return places;
}
