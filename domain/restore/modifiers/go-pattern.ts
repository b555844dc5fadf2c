/**
 * Patterns in the syntax of the Go libraries that read them in Velero, as regular expressions of JavaScript. Both
 * functions throw a `SyntaxError` for what they cannot read.
 */

/** What may be escaped in both syntaxes and is no class of characters. */
const PUNCTUATION = /[!-/:-@[-`{-~]/;

/**
 * Reads a glob of github.com/gobwas/glob: `*` and `?` stop at dots if `separator` is given, `**` does not, `[a-c]` and
 * `[!a-c]` are sets, and `{a,b}` are alternatives.
 */
export function globExpression(glob: string, separator?: '.'): RegExp {
  const one = separator === undefined ? '[^]' : `[^${separator}]`;
  const sources: Readonly<Record<string, string>> = {
    ...{ '*': `${one}*`, '**': '[^]*', '?': one },
    ...{ '{': '(?:', '}': ')' },
  };
  let depth = 0;
  const source = glob.replaceAll(/\\[^]|\*\*?|\[!?[^\]]+\]|[^]/g, (part) => {
    depth += part === '{' ? 1 : part === '}' ? -1 : 0;
    if (part === ',' && depth > 0) {
      return '|';
    }
    return sources[part] ?? (part.startsWith('[') ? setSource(part) : literal(part.slice(-1)));
  });
  return new RegExp(`^(?:${source})$`, 'u');
}

/**
 * Reads a regular expression of Go. The flag `i` at its beginning, named groups, `\A`, `\z` and escaped punctuation are
 * translated; other things that JavaScript does not have, and those that Go does not have, are refused.
 */
export function goExpression(expression: string): RegExp {
  const [flag = ''] = /^\(\?i\)/.exec(expression) ?? [];
  const source = expression
    .slice(flag.length)
    .replaceAll(/\\([^])/g, (whole, character: string) => {
      if (character === 'A' || character === 'z') {
        return character === 'A' ? '^' : '$';
      }
      return PUNCTUATION.test(character) ? literal(character) : whole;
    })
    .replaceAll('(?P<', '(?<');
  if (/\(\?<?[=!]|\\[1-9k]/.test(source)) {
    throw new SyntaxError('Go has neither lookaround nor references to groups');
  }
  return new RegExp(source, flag === '' ? 'u' : 'iu');
}

function setSource(part: string): string {
  if (part.length === 1) {
    throw new SyntaxError('a bracket that nothing closes');
  }
  const isNegated = part.startsWith('[!');
  const content = part
    .slice(isNegated ? 2 : 1, -1)
    .replaceAll(/[^]/gu, (character) => (character === '-' ? character : literal(character)));
  return `[${isNegated ? '^' : ''}${content}]`;
}

/** A character as it stands for itself, in a set and outside of one. */
function literal(character: string): string {
  return PUNCTUATION.test(character)
    ? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
    : character;
}
