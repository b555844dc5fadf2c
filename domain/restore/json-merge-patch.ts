import { type Fields, isMapping } from '../fields.ts';

/** What a JSON merge patch (RFC 7386) makes of a value; neither is changed. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isMapping(patch)) {
    return patch;
  }
  const merged = new Map(Object.entries(isMapping(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      merged.delete(name);
    } else {
      merged.set(name, applyMergePatch(merged.get(name), value));
    }
  }
  const fields: Fields = Object.fromEntries(merged);
  return fields;
}
