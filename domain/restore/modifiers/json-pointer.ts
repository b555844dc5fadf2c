import { Failure } from '../../failure.ts';
import { type Fields, isMapping } from '../../fields.ts';

/** The holder of the last part of a path with a change at that part; throws `modifier-not-usable`. */
export type Change = (holder: unknown, token: string) => unknown;

const INDEX = /^-?(0|[1-9]\d*)$/;

/** What stands at a path; undefined where nothing does. */
export function valueAt(document: unknown, tokens: readonly string[]): unknown {
  let value = document;
  for (const token of tokens) {
    value = memberOf(value, token);
  }
  return value;
}

/** The document with a change at the end of a path, whose other parts must be there; what is not on it is shared. */
export function changedAt(document: unknown, tokens: readonly string[], change: Change): unknown {
  const [token = '', ...rest] = tokens;
  if (rest.length === 0) {
    return change(document, token);
  }
  const member = memberOf(document, token);
  if (member === undefined) {
    throw new Failure('modifier-not-usable', 'there is nothing on the way to it');
  }
  return withMember(document, token, changedAt(member, rest, change));
}

/** A copy of an object or a list in which one part is another one. */
export function withMember(holder: unknown, token: string, value: unknown): unknown {
  if (Array.isArray(holder)) {
    return holder.with(indexIn(holder, token) ?? 0, value);
  }
  return { ...holderFields(holder), [token]: value };
}

/** The position of a part in a list of as many; negative ones count from its end, as in Velero. */
export function indexIn(
  { length }: { readonly length: number },
  token: string,
): number | undefined {
  if (!INDEX.test(token)) {
    return undefined;
  }
  const index = Number(token) < 0 ? Number(token) + length : Number(token);
  return index >= 0 && index < length ? index : undefined;
}

/** The fields of what holds fields; throws `modifier-not-usable` for anything else. */
export function holderFields(holder: unknown): Readonly<Fields> {
  if (!isMapping(holder)) {
    throw new Failure('modifier-not-usable', 'what should hold it is neither an object nor a list');
  }
  return holder;
}

function memberOf(holder: unknown, token: string): unknown {
  if (Array.isArray(holder)) {
    const elements: readonly unknown[] = holder;
    const index = indexIn(elements, token);
    return index === undefined ? undefined : elements[index];
  }
  return isMapping(holder) && Object.hasOwn(holder, token) ? holder[token] : undefined;
}
