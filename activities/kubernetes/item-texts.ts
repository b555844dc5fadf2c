const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = 0x7b;
const CLOSING = 0x7d;
const ITEMS = '"items":[';

/**
 * The JSON of each item of a list, as the server sent it: a number that is beyond what JavaScript holds exactly stays
 * what it is, and nothing is written anew. `text` is valid JSON of a list with so many items; undefined when the items
 * are not where the API server puts them.
 */
export function itemTexts(text: string, count: number): string[] | undefined {
  const start = text.indexOf(ITEMS);
  if (start === -1) {
    return undefined;
  }
  const texts: string[] = [];
  for (let at = start + ITEMS.length; texts.length < count;) {
    const end = endOfItem(text, at);
    if (end === undefined) {
      return undefined;
    }
    texts.push(text.slice(at, end));
    // Past the comma, or the bracket behind the last item.
    at = end + 1;
  }
  return text.charAt(start + ITEMS.length + lengthOf(texts)) === ']' || count === 0
    ? texts
    : undefined;
}

/** All items and the commas between them. */
function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length, 0) + Math.max(0, texts.length - 1);
}

/** The position behind the object that begins at a position. */
function endOfItem(text: string, start: number): number | undefined {
  let depth = 0;
  // Once per character that is not in a string: the place where a listing's time goes.
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === OPENING) {
      depth += 1;
    } else if (code === CLOSING) {
      depth -= 1;
      if (depth === 0) {
        return at + 1;
      }
    }
  }
  return undefined;
}

/** The position of the quote that ends a string; the search for it is much faster than a loop. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) {
    end = text.indexOf('"', end + 1);
  }
  return end === -1 ? text.length : end;
}

/** Whether an odd number of backslashes stands before a position. */
function isEscaped(text: string, position: number): boolean {
  let at = position - 1;
  while (text.charCodeAt(at) === BACKSLASH) {
    at -= 1;
  }
  return (position - at) % 2 === 0;
}
