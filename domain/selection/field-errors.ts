import type { FieldError } from '../failure.ts';

/** A fault of a field: `what` says what is wrong with it and how to put it right. */
export function fieldError(pointer: string, what: string): FieldError {
  return { pointer, code: 'invalid-request', detail: `${pointer} ${what}` };
}
