import { Failure } from './failure.ts';
import type { Fields } from './fields.ts';

/** Throws `invalid-request` that names the first field which is not known. */
export function requireKnown(
  fields: Fields,
  known: ReadonlySet<string>,
  { path, what }: { readonly path: string; readonly what: string },
): void {
  const stranger = Object.keys(fields).find((field) => !known.has(field));
  if (stranger !== undefined) {
    throw invalid(`${path}.${stranger}`, `is not a field of ${what}`);
  }
}

/** A text that has to be there. Throws `invalid-request` that names the field, as all of these do. */
export function text(fields: Fields, field: string, path: string): string {
  const value = fields[field];
  if (typeof value !== 'string' || value === '') {
    throw invalid(`${path}.${field}`, 'must be a text that is not empty');
  }
  return value;
}

/** A text that may be left out. */
export function optionalText(fields: Fields, field: string, path: string): string | undefined {
  return fields[field] === undefined ? undefined : text(fields, field, path);
}

/** True, false, or left out. */
export function optionalBoolean(fields: Fields, field: string, path: string): boolean | undefined {
  const value = fields[field];
  if (value !== undefined && typeof value !== 'boolean') {
    throw invalid(`${path}.${field}`, 'must be true or false');
  }
  return value;
}

/** What is thrown for a field of a location. */
export function invalid(field: string, what: string): Failure {
  return new Failure('invalid-request', `${field} ${what}`, { subject: field });
}
