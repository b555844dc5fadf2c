import type { BackupSpec } from '../backup.ts';
import { Failure, type FieldError } from '../failure.ts';
import { groupResource, type ServedType } from '../item.ts';
import { memberPointer } from '../json-pointer.ts';
import { fieldError } from './field-errors.ts';
import { resolveName } from './resource-names.ts';

type Order = BackupSpec['orderedResources'];

const POINTER = '/spec/orderedResources';
/** `shop/db-0`, or `pv-1`. */
const OBJECT = /^([^\s/]+\/)?[^\s/]+$/;

/**
 * The objects that come first, in order, by `resource.group`. A name that cannot be one of the type orders nothing, as
 * in Velero: of a namespaced type without its namespace, or of a type that is not served.
 */
export function orderedNames(
  order: Order,
  types: readonly ServedType[],
): ReadonlyMap<string, readonly string[]> {
  const ordered = new Map<string, readonly string[]>();
  for (const [word, text] of Object.entries(order ?? {})) {
    const type = resolveName(word, types)?.taken;
    const names = namesOf(text).filter((name) => name.includes('/') === type?.isNamespaced);
    if (type !== undefined && names.length > 0) {
      const earlier = ordered.get(groupResource(type)) ?? [];
      ordered.set(groupResource(type), [...new Set([...earlier, ...names])]);
    }
  }
  return ordered;
}

/** All that is wrong with the order that a request asks for. */
export function orderedResourcesErrors(spec: { readonly orderedResources?: Order }): FieldError[] {
  return Object.entries(spec.orderedResources ?? {}).flatMap(([word, text]) => {
    const faults = word.trim() === '' ? ['has an empty name; name a type'] : [];
    return [...faults, ...orderFaults(namesOf(text))].map((fault) =>
      fieldError(memberPointer(POINTER, word), fault),
    );
  });
}

/** Reads the text of Velero's flag: `pods=shop/db-0,shop/db-1;persistentvolumes=pv-1`. Throws `invalid-request`. */
export function parseOrderedResources(text: string): Record<string, string> {
  const order = new Map<string, string>();
  for (const entry of text.split(';')) {
    const [word = '', names, ...more] = entry.split('=').map((part) => part.trim());
    if (word === '' || names === undefined || names === '' || more.length > 0) {
      throw unreadable(entry, 'must be a type, "=" and names with commas between them');
    }
    if (order.has(word)) {
      throw unreadable(entry, 'is the second for its type; put all names into one');
    }
    order.set(word, names);
  }
  return Object.fromEntries(order);
}

function orderFaults(names: readonly string[]): string[] {
  const wrong = names.filter((name) => !OBJECT.test(name));
  if (wrong.length > 0) {
    const shown = wrong.map((name) => `"${name}"`).join(', ');
    return [`has ${shown}; write namespace/name, or name alone for a cluster-scoped type`];
  }
  const faults: string[] = [];
  if (new Set(names.map((name) => name.includes('/'))).size > 1) {
    faults.push('has names with a namespace and names without; a type has the one or the other');
  }
  const twice = names.filter((name, index) => names.indexOf(name) < index);
  if (twice.length > 0) {
    faults.push(`names ${[...new Set(twice)].join(', ')} twice; name each object once`);
  }
  return faults;
}

function namesOf(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function unreadable(entry: string, what: string): Failure {
  const message = `the part "${entry.trim()}" of the ordered resources ${what}`;
  return new Failure('invalid-request', message);
}
