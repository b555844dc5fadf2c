/** Digits from which on a number may be more than JavaScript holds. */
const MANY_DIGITS = /\d{16}/;

/** What V8 knows of JSON and TypeScript's library for this project does not yet. */
interface RawJson {
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
}
// Both are in V8 since Node 21, and no type of the library has them.
const RAW_JSON = JSON as unknown as RawJson;

/** A number that JavaScript does not hold; `JSON.stringify` writes it as it was read. Is frozen, and has no other use. */
export interface ExactNumber {
  readonly rawJSON: string;
}

/** Reads JSON whose numbers stay exact: one that would change its digits is an `ExactNumber`. */
export function parseExact(json: string): unknown {
  return MANY_DIGITS.test(json) ? JSON.parse(json, keepDigits) : JSON.parse(json);
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return RAW_JSON.isRawJSON(value);
}

/** Whether two values of JSON, which are no objects and no lists, are the same. */
export function isSameScalar(left: unknown, right: unknown): boolean {
  return isExactNumber(left) && isExactNumber(right)
    ? left.rawJSON === right.rawJSON
    : left === right;
}

/** A copy of a value of JSON that shares nothing with it that could be changed. */
export function copyOf<Value>(value: Value): Value {
  // A copy has the shape of what it was made of.
  return copied(value) as Value;
}

function copied(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(copied);
  }
  if (typeof value !== 'object' || value === null || isExactNumber(value)) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copied(part)]));
}

/** The third argument is newer than the type of `JSON.parse`. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && String(value) !== source
    ? exactOf(source)
    : value;
}

/** Short numbers, such as `1.0`, are written in many ways, and none is lost. */
function exactOf(source: string): unknown {
  return MANY_DIGITS.test(source.replace('.', '')) ? RAW_JSON.rawJSON(source) : Number(source);
}
