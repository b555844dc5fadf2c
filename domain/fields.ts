import { isExactNumber } from './exact-number.ts';

/** The fields of an object whose shape is not known. */
export type Fields = Record<string, unknown>;

/** Whether a value of JSON is an object. A number that JavaScript does not hold exactly is none. */
export function isMapping(value: unknown): value is Fields {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
  );
}

/** The fields of a value that should be an object; of anything else, none. */
export function fields(value: unknown): Fields {
  return isMapping(value) ? value : {};
}

/** The elements of a value that should be a list; of anything else, none. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The name of a value that should be a named object; of anything else, the empty one. */
export function nameOf(value: unknown): string {
  const name = fields(value)['name'];
  return typeof name === 'string' ? name : '';
}

/** Whether a value says nothing: it is not there, or an empty text, list or object. */
export function isBlank(value: unknown): boolean {
  return typeof value === 'object' && value !== null
    ? Object.keys(value).length === 0
    : value === undefined || value === null || value === '';
}
