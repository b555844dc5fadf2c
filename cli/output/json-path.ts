/** A template of kubectl's `-o jsonpath=`, read. */
export interface JsonPath {
  /** What it gives for a value: its texts, and the values that its paths find with a space between them. */
  readonly print: (value: unknown) => string;
}

/** A template that is none. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

type Step = (value: unknown) => readonly unknown[];
/** A step, and the number of characters that it was written with. */
type Found = readonly [step: Step, length: number];

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
const FIELD = /^\.((?:\\.|[^.[\]\\\s'"{}()|,*])+)/;
const QUOTED_FIELD = /^\['((?:\\.|[^'\\])+)'\]|^\["((?:\\.|[^"\\])+)"\]/;
const EVERY = /^(?:\.\*|\[\*\])/;
const INDEX = /^\[(-?\d+)\]/;
const SLICE = /^\[(-?\d*):(-?\d*)\]/;
const FILTER = /^\[\?\(\s*@((?:[^=!<>)\s])+)\s*(==|!=)\s*("[^"]*"|'[^']*'|[^)\s]+)\s*\)\]/;

/**
 * Reads the part of kubectl's dialect that is typed most: `{.items[*].metadata.name}`, `['a.b']`, `.a\.b`, `[0]`, `[-1]`,
 * `[1:3]`, `[?(@.status.phase=="Failed")]`, text, and `{"\n"}`. Without braces all of it is one path. Throws
 * `JsonPathError`.
 */
export function parseJsonPath(template: string): JsonPath {
  if (template.trim() === '') {
    throw new JsonPathError('a path is missing, such as jsonpath={.metadata.name}');
  }
  const parts = template.includes('{') ? partsOf(template) : [pathPart(relaxed(template))];
  return { print: (value) => parts.map((part) => part(value)).join('') };
}

type Part = (value: unknown) => string;

function partsOf(template: string): Part[] {
  const parts: Part[] = [];
  for (const [, text = '', braced] of template.matchAll(
    /([^{]*)(?:\{((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^}"'])*)\})?/g,
  )) {
    if (text.includes('}') || (braced === undefined && template.endsWith(`{${text}`))) {
      throw new JsonPathError(`a brace is not closed, or not opened: ${template}`);
    }
    parts.push(() => text);
    if (braced !== undefined) {
      parts.push(bracedPart(braced.trim()));
    }
  }
  return parts;
}

function bracedPart(inner: string): Part {
  const text = /^(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)')$/.exec(inner);
  if (text !== null) {
    const written = unescaped(text[1] ?? text[2] ?? '');
    return () => written;
  }
  return pathPart(inner);
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char);
}

/** Without braces, the first dot may be left out. */
function relaxed(template: string): string {
  const path = template.trim();
  return /^[.[$@]/.test(path) ? path : `.${path}`;
}

function pathPart(path: string): Part {
  const find = pathOf(path);
  return (value) => find(value).map(textOf).join(' ');
}

/** Strings as they are, all else as JSON. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function pathOf(path: string): Step {
  if (/^(?:range\b|end$)/.test(path)) {
    throw new JsonPathError('range is not known here; use [*], or -o json with jq');
  }
  let rest = path.replace(/^[$@]/, '');
  if (rest === '' && path === '') {
    throw new JsonPathError('there is nothing between the braces');
  }
  const steps: Step[] = [];
  while (rest !== '' && rest !== '.') {
    const [step, length] = stepOf(rest);
    steps.push(step);
    rest = rest.slice(length);
  }
  return (value) => steps.reduce<readonly unknown[]>((found, step) => found.flatMap(step), [value]);
}

const READERS: readonly ((rest: string) => Found | undefined)[] = [
  everyStep,
  fieldStep,
  indexStep,
  sliceStep,
  filterStep,
];

function stepOf(rest: string): Found {
  for (const read of READERS) {
    const found = read(rest);
    if (found !== undefined) {
      return found;
    }
  }
  const what = rest.startsWith('..') ? 'a search at any depth is not known here' : 'it is no path';
  throw new JsonPathError(`${what}: ${rest}`);
}

function everyStep(rest: string): Found | undefined {
  const found = EVERY.exec(rest);
  return found === null ? undefined : [childrenOf, found[0].length];
}

function fieldStep(rest: string): Found | undefined {
  const found = FIELD.exec(rest) ?? QUOTED_FIELD.exec(rest);
  if (found === null) {
    return undefined;
  }
  const field = (found[1] ?? found[2] ?? '').replaceAll(/\\(.)/g, '$1');
  return [(value) => fieldOf(value, field), found[0].length];
}

function indexStep(rest: string): Found | undefined {
  const found = INDEX.exec(rest);
  return found === null
    ? undefined
    : [(value) => listOf(value).slice(...oneAt(Number(found[1]))), found[0].length];
}

/** The bounds of one element, from the end for a negative one. */
function oneAt(index: number): [number, number | undefined] {
  return [index, index === -1 ? undefined : index + 1];
}

function sliceStep(rest: string): Found | undefined {
  const found = SLICE.exec(rest);
  if (found === null) {
    return undefined;
  }
  const [all, from = '', to = ''] = found;
  const end = to === '' ? undefined : Number(to);
  return [(value) => listOf(value).slice(Number(from), end), all.length];
}

function filterStep(rest: string): Found | undefined {
  const found = FILTER.exec(rest);
  if (found === null) {
    return undefined;
  }
  const [all, path = '', operator, literal = ''] = found;
  const find = pathOf(path);
  const wanted = literal.replaceAll(/^["']|["']$/g, '');
  const isWanted = (element: unknown): boolean =>
    find(element).some((value) => textOf(value) === wanted) === (operator === '==');
  return [(value) => childrenOf(value).filter(isWanted), all.length];
}

function fieldOf(value: unknown, field: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) {
    return [];
  }
  return [(value as Readonly<Record<string, unknown>>)[field]];
}

function childrenOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
