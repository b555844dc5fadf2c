import { copyOf, parseExact } from '../../exact-number.ts';
import { Failure } from '../../failure.ts';
import {
  type Change,
  changedAt,
  holderFields,
  indexIn,
  valueAt,
  withMember,
} from './json-pointer.ts';
import { pointerTokens } from '../../json-pointer.ts';
import { isSameValue } from '../json-value.ts';
import type { JsonPatchOperation } from './modifier-rule.ts';

/**
 * Applies a JSON patch (RFC 6902); undefined if one of its tests does not hold, for then none of it applies. The object
 * is not changed. Throws `modifier-not-usable` with the operation that cannot be applied. Own code, since numbers that
 * JavaScript does not hold exactly must come through, and positions may be negative as they may in Velero.
 */
export function applyJsonPatch(
  object: unknown,
  operations: readonly JsonPatchOperation[],
): unknown {
  let document = object;
  for (const operation of operations) {
    if (operation.op !== 'test') {
      document = explained(operation, document);
    } else if (!holdsAt(document, operation)) {
      return undefined;
    }
  }
  return document;
}

/** Whether a value stands at a path. As in Velero, `null` is also met where only the last part of the path is missing. */
export function holdsAt(
  document: unknown,
  { path, value }: { readonly path: string; readonly value: string },
): boolean {
  const tokens = pointerTokens(path);
  const holder = valueAt(document, tokens.slice(0, -1)) ?? null;
  const present = valueAt(holder, tokens.slice(-1)) ?? null;
  return holder !== null && isSameValue(present, parseExact(value));
}

type Changing = Exclude<JsonPatchOperation, { readonly op: 'test' }>;

function explained(operation: Changing, document: unknown): unknown {
  try {
    return applied(operation, document);
  } catch (error) {
    if (error instanceof Failure) {
      const { op, path } = operation;
      throw new Failure(error.code, `${op} of ${path}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function applied(operation: Changing, document: unknown): unknown {
  const tokens = pointerTokens(operation.path);
  switch (operation.op) {
    case 'add':
      return changedAt(document, tokens, addition(parseExact(operation.value)));
    case 'replace':
      return changedAt(document, tokens, replacement(parseExact(operation.value)));
    case 'remove':
      return changedAt(document, tokens, removed);
    case 'move': {
      const from = pointerTokens(operation.from);
      const value = present(document, from);
      return changedAt(changedAt(document, from, removed), tokens, addition(value));
    }
    case 'copy': {
      // What comes after the modifiers changes metadata in place, which must not reach the copy.
      const value = copyOf(present(document, pointerTokens(operation.from)));
      return changedAt(document, tokens, addition(value));
    }
  }
}

function present(document: unknown, tokens: readonly string[]): unknown {
  const value = valueAt(document, tokens);
  if (value === undefined) {
    throw nothingThere('at its "from"');
  }
  return value;
}

function addition(value: unknown): Change {
  return (holder, token) => {
    if (!Array.isArray(holder)) {
      return { ...holderFields(holder), [token]: value };
    }
    const elements: readonly unknown[] = holder;
    const { length } = elements;
    // A place behind the last element is one to add at.
    const index = token === '-' ? length : indexIn({ length: length + 1 }, token);
    if (index === undefined) {
      throw nothingThere('at that position of the list');
    }
    return elements.toSpliced(index, 0, value);
  };
}

function replacement(value: unknown): Change {
  return (holder, token) => {
    requirePart(holder, token);
    return withMember(holder, token, value);
  };
}

function removed(holder: unknown, token: string): unknown {
  requirePart(holder, token);
  return Array.isArray(holder)
    ? holder.toSpliced(indexIn(holder, token) ?? 0, 1)
    : Object.fromEntries(Object.entries(holderFields(holder)).filter(([name]) => name !== token));
}

function requirePart(holder: unknown, token: string): void {
  const isThere = Array.isArray(holder)
    ? indexIn(holder, token) !== undefined
    : Object.hasOwn(holderFields(holder), token);
  if (!isThere) {
    throw nothingThere('there');
  }
}

function nothingThere(where: string): Failure {
  return new Failure('modifier-not-usable', `there is nothing ${where}`);
}
