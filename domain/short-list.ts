import type { FieldError } from './failure.ts';

/** Entries that one list tells. */
const ENTRIES_MAX = 50;
/** Characters of the names of one list, and of the errors of one refusal: its payload stays under 64 KiB. */
const NAMES_LENGTH_MAX = 8000;
const ERRORS_LENGTH_MAX = 24_000;

/** Names with commas between them for a message that travels through Temporal: the first ones, and how many more. */
export function shortList(names: readonly string[], entriesMax = ENTRIES_MAX): string {
  const shown = names.slice(0, Math.min(entriesMax, fitting(names, NAMES_LENGTH_MAX)));
  const rest = names.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${String(rest)} more` : ''}`;
}

/** As many errors as a refusal may carry through Temporal; the last says how many there are more. */
export function shortErrors(errors: readonly FieldError[]): readonly FieldError[] {
  const texts = errors.map(({ pointer, detail }) => pointer + detail);
  const shown = errors.slice(0, Math.min(ENTRIES_MAX, fitting(texts, ERRORS_LENGTH_MAX)));
  const last = shown.at(-1);
  const rest = errors.length - shown.length;
  return rest === 0 || last === undefined
    ? errors
    : [
        ...shown.slice(0, -1),
        { ...last, detail: `${last.detail}; and ${String(rest)} more errors` },
      ];
}

/** How many texts from the first on have no more characters together; at least one. */
function fitting(texts: readonly string[], lengthMax: number): number {
  let length = 0;
  const excess = texts.findIndex((text) => {
    length += text.length;
    return length > lengthMax;
  });
  return excess < 0 ? texts.length : Math.max(1, excess);
}
