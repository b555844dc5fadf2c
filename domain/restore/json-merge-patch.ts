import { type Fields, fields, isMapping } from '../fields.ts';

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

/** A merge patch that makes one object of another: it keeps what it does not name, at any depth. */
export function mergePatchTo(from: unknown, to: Fields): Fields {
  const old = fields(from);
  const gone = Object.keys(old).map((name) => [name, null] as const);
  const named = Object.entries(to).map(
    ([name, value]) => [name, isMapping(value) ? mergePatchTo(old[name], value) : value] as const,
  );
  return Object.fromEntries([...gone, ...named]);
}
