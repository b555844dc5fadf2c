import type { FieldError } from '../failure.ts';
import { fieldError } from '../selection/field-errors.ts';

/** Between the types that come first and those that come last. */
const SEPARATOR = '-';

/** Types that a request may name; each is a wave of its own. */
export const PRIORITIES_MAX = 200;

/** Types by name, those that are restored before all others and those that are restored after them. */
export interface RestorePriorities {
  readonly first: readonly string[];
  readonly last: readonly string[];
}

/** Reads the syntax of Velero's `--restore-resource-priorities`: `a,b,-,y,z`. Empty text changes nothing. */
export function parsePriorities(text: string): RestorePriorities {
  const names = namesOf(text);
  const separator = names.indexOf(SEPARATOR);
  return separator < 0
    ? { first: names, last: [] }
    : { first: names.slice(0, separator), last: names.slice(separator + 1) };
}

/** All that is wrong with the priorities that a request asks for. */
export function priorityErrors(text: string, pointer: string): FieldError[] {
  const names = namesOf(text);
  const faults: string[] = [];
  if (names.includes('')) {
    faults.push('has an empty name; write types with a comma between them');
  }
  if (names.filter((name) => name === SEPARATOR).length > 1) {
    faults.push('has "-" twice; what comes first and what comes last have one between them');
  }
  const twice = names.filter(
    (name, index) => name !== '' && name !== SEPARATOR && names.indexOf(name) < index,
  );
  if (twice.length > 0) {
    faults.push(`names ${[...new Set(twice)].join(', ')} twice; name each type once`);
  }
  const count = names.filter((name) => name !== SEPARATOR).length;
  if (count > PRIORITIES_MAX) {
    const most = `name ${String(PRIORITIES_MAX)} at most, and leave out those whose place does not matter`;
    faults.push(`names ${String(count)} types; ${most}`);
  }
  return faults.map((fault) => fieldError(pointer, fault));
}

/** Whether a name stands for a type: its plural or its kind, in any case, with or without the group. */
export function isNamedBy(
  type: { readonly group: string; readonly resource: string; readonly kind?: string },
  name: string,
): boolean {
  const words = [type.resource, ...(type.kind === undefined ? [] : [type.kind.toLowerCase()])];
  return words.some((word) => name === word || name === `${word}.${type.group}`);
}

function namesOf(text: string): string[] {
  return text.trim() === '' ? [] : text.split(',').map((name) => name.trim().toLowerCase());
}
