import type { FieldError } from '../failure.ts';

/** A fault of a field: `what` says what is wrong with it and how to put it right. */
export function fieldError(pointer: string, what: string): FieldError {
  return { pointer, code: 'invalid-request', detail: `${pointer} ${what}` };
}

/** The JSON pointer of a member of what another pointer names (RFC 6901). */
export function memberPointer(pointer: string, member: string | number): string {
  return `${pointer}/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
