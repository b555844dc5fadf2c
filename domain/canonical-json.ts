import { compareText } from './compare-text.ts';
import { type Fields, isMapping } from './fields.ts';

/** JSON with the keys of every object in order, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isMapping(part) ? sorted(part) : part));
}

function sorted(value: Fields): Fields {
  return Object.fromEntries(
    Object.entries(value).sort(([left], [right]) => compareText(left, right)),
  );
}
