import { LABEL_LENGTH_MAX } from '../names.ts';

/** Longest text of a pattern, in characters: bounds the work of a comparison. */
const PATTERN_LENGTH_MAX = 253;

/** What Velero refuses in a pattern, for some tools give it a meaning, and what no name has. */
const REFUSED = ['**', '|', '(', ')', '!', '{', '}', ',', '\\'];

const ANY_CHARACTERS = 'any';
/** One element of a pattern: any characters, or one character that a test accepts. */
type PatternElement = typeof ANY_CHARACTERS | ((character: string) => boolean);

/** Whether a name has wildcards: `*` for any characters, `?` for one, `[a-c]` and `[^xy]` for one of a set. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Whether a name matches a pattern, or is the same as a name without wildcards. */
export function matchesPattern(pattern: string, name: string): boolean {
  if (!isPattern(pattern)) {
    return pattern === name;
  }
  const elements = elementsOf(pattern);
  return elements !== undefined && matchesElements(elements, name);
}

/** What is wrong with a namespace, or a pattern of namespaces, if anything. */
export function patternError(text: string): string | undefined {
  const fault = globError(text);
  if (fault !== undefined) {
    return fault;
  }
  // Wildcards stand for any letter here: what is left has to be a name.
  const characters = text.replaceAll(/\[[^\]]*\]/g, 'x').replaceAll('?', 'x');
  const isShort = characters.replaceAll('*', '').length <= LABEL_LENGTH_MAX;
  return isShort && /^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$/.test(characters)
    ? undefined
    : `has "${text}"; a namespace is lower-case letters, digits and "-", beginning and ending with a letter ` +
        `or digit, at most ${String(LABEL_LENGTH_MAX)} characters, and "*", "?" and "[a-c]" are wildcards`;
}

/** What is wrong with the wildcards of a pattern of any names, if anything. */
export function globError(text: string): string | undefined {
  if (text === '' || text.length > PATTERN_LENGTH_MAX) {
    return `has a name of ${String(text.length)} characters; write 1 to ${String(PATTERN_LENGTH_MAX)}`;
  }
  const refused = REFUSED.find((part) => text.includes(part));
  if (refused !== undefined) {
    return `has "${refused}" in "${text}"; the wildcards are "*", "?" and "[a-c]"`;
  }
  return elementsOf(text) === undefined
    ? `has brackets in "${text}" that cannot be read; write them as in "[abc]", "[a-c]" or "[^a]"`
    : undefined;
}

/** Goes back to the last star alone, so that the work is at most the product of both lengths. */
function matchesElements(elements: readonly PatternElement[], name: string): boolean {
  let at = 0;
  let position = 0;
  let star: { readonly next: number; position: number } | undefined;
  while (position < name.length) {
    const element = elements[at];
    if (element === ANY_CHARACTERS) {
      at += 1;
      star = { next: at, position };
    } else if (element?.(name.charAt(position)) === true) {
      at += 1;
      position += 1;
    } else if (star !== undefined) {
      star.position += 1;
      position = star.position;
      at = star.next;
    } else {
      return false;
    }
  }
  return elements.slice(at).every((element) => element === ANY_CHARACTERS);
}

/** The elements of a pattern; undefined if its brackets cannot be read. */
function elementsOf(pattern: string): PatternElement[] | undefined {
  const elements: PatternElement[] = [];
  // The first alternative takes brackets as a whole, so that a bracket among the others is one too many.
  for (const [text] of pattern.matchAll(/\[[^\]]*\]|[^]/g)) {
    const element = elementOf(text);
    if (element === undefined) {
      return undefined;
    }
    elements.push(element);
  }
  return elements;
}

function elementOf(text: string): PatternElement | undefined {
  switch (text) {
    case '*':
      return ANY_CHARACTERS;
    case '?':
      return () => true;
    case '[':
    case ']':
      return undefined;
    default:
      return text.startsWith('[') ? setElement(text.slice(1, -1)) : (one) => one === text;
  }
}

/** Reads what is between brackets, as Go's path.Match does: `-` stands for a range and nothing else. */
function setElement(content: string): PatternElement | undefined {
  const isNegated = content.startsWith('^');
  const text = isNegated ? content.slice(1) : content;
  if (!/^([^-[](-[^-[])?)+$/.test(text)) {
    return undefined;
  }
  const ranges = [...text.matchAll(/[^-](-[^-])?/g)].map(([range]) => range);
  if (ranges.some((range) => range.charAt(0) > range.charAt(range.length - 1))) {
    return undefined;
  }
  return (one) =>
    isNegated !==
    ranges.some((range) => range.charAt(0) <= one && one <= range.charAt(range.length - 1));
}
