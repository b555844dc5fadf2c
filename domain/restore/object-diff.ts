import { isSameScalar } from '../exact-number.ts';
import { type Fields, fields, isMapping } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';
import { memberPointer } from '../json-pointer.ts';
import { isMark } from './merge-patch.ts';

/** One field that differs between two objects. */
export interface FieldChange {
  /** JSON pointer (RFC 6901). */
  readonly path: string;
  readonly op: 'add' | 'remove' | 'replace';
  /** What is there; left out where something is added. */
  readonly from?: unknown;
  /** What will be there; left out where something is removed. */
  readonly to?: unknown;
}

/** Fields of `metadata` that the server sets. */
const SERVER_SET: ReadonlySet<string> = new Set([
  ...['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds'],
]);

/**
 * The fields in which two states of one object differ, without status, marks of restores and what the server sets. The
 * elements of lists are compared by their names where all have one, and by their places elsewhere.
 */
export function objectDiff(live: KubernetesObject, next: KubernetesObject): FieldChange[] {
  const changes: FieldChange[] = [];
  compareFields('', [contentOf(live), contentOf(next)], changes);
  return changes;
}

function contentOf({ metadata, ...rest }: KubernetesObject): Fields {
  const own = Object.entries(metadata).filter(([field]) => !SERVER_SET.has(field));
  const { labels, annotations, ...others }: Fields = Object.fromEntries(own);
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([field]) => field !== 'status')),
    metadata: {
      ...others,
      ...withoutMarks('labels', labels),
      ...withoutMarks('annotations', annotations),
    },
  };
}

/** Left out where nothing but marks is there, as an object without marks has none. */
function withoutMarks(field: string, words: unknown): Fields {
  const own = Object.entries(fields(words)).filter(([key]) => !isMark(key));
  return own.length === 0 ? {} : { [field]: Object.fromEntries(own) };
}

type Pair<Value> = readonly [live: Value, next: Value];

function compare(path: string, [live, next]: Pair<unknown>, changes: FieldChange[]): void {
  if (isMapping(live) && isMapping(next)) {
    compareFields(path, [live, next], changes);
  } else if (Array.isArray(live) && Array.isArray(next)) {
    compareLists(path, [live, next], changes);
  } else if (live === undefined && next !== undefined) {
    changes.push({ path, op: 'add', to: next });
  } else if (live !== undefined && next === undefined) {
    changes.push({ path, op: 'remove', from: live });
  } else if (!isSameScalar(live, next)) {
    changes.push({ path, op: 'replace', from: live, to: next });
  }
}

function compareFields(path: string, [live, next]: Pair<Fields>, changes: FieldChange[]): void {
  const [before, after] = [new Map(Object.entries(live)), new Map(Object.entries(next))];
  for (const key of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    compare(memberPointer(path, key), [before.get(key), after.get(key)], changes);
  }
}

function compareLists(path: string, pair: Pair<readonly unknown[]>, changes: FieldChange[]): void {
  const [live, next] = pair;
  const before = namesOf(live);
  const after = namesOf(next);
  if (before === undefined || after === undefined) {
    for (let index = 0; index < Math.max(live.length, next.length); index++) {
      compare(memberPointer(path, index), [live[index], next[index]], changes);
    }
    return;
  }
  for (const [name, index] of before) {
    compare(memberPointer(path, index), [live[index], next[after.get(name) ?? -1]], changes);
  }
  for (const [name, index] of after) {
    if (!before.has(name)) {
      compare(memberPointer(path, index), [undefined, next[index]], changes);
    }
  }
  const from = [...before.keys()].filter((name) => after.has(name));
  const to = [...after.keys()].filter((name) => before.has(name));
  if (from.some((name, index) => name !== to[index])) {
    changes.push({ path, op: 'replace', from, to });
  }
}

/** Where each named element of a list is; undefined if one has no name of its own. */
function namesOf(list: readonly unknown[]): ReadonlyMap<string, number> | undefined {
  const names = new Map<string, number>();
  for (const [index, element] of list.entries()) {
    const name = fields(element)['name'];
    if (typeof name !== 'string' || names.has(name)) {
      return undefined;
    }
    names.set(name, index);
  }
  return names;
}
