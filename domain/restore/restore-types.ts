import type { ResourceLists } from '../backup.ts';
import type { FailureReport, FieldError } from '../failure.ts';
import { groupResource, type ResourceType, type ServedType } from '../item.ts';
import { isPattern } from '../selection/name-pattern.ts';
import { isOfFailedGroup, resolveName } from '../selection/resource-names.ts';
import { ALL_TYPES, OLD_LISTS, type TypeFilter, TypeListReader } from '../selection/type-lists.ts';
import { shortErrors, shortList } from '../short-list.ts';
import { NOT_RESTORED } from './restore-order.ts';

/** Types of the backup that one error names. */
const HELD_MAX = 30;
const POINTER = `/spec/${OLD_LISTS.included}`;
const SUBJECT = `spec.${OLD_LISTS.included}`;

/** What the types of a restore's lists are looked for among. */
export interface NamedAmong {
  readonly backupName: string;
  /** Types of which the backup has objects, each once. */
  readonly held: readonly ResourceType[];
  /** Types that the target cluster serves, in the order of discovery. */
  readonly served: readonly ServedType[];
  /** Registered groups of the cluster that do not answer, as `group/version`. */
  readonly failedGroups: readonly string[];
}

export type TypesAnswer = { readonly types: TypeFilter } | { readonly refusal: FailureReport };

/** Whether a request has lists of types, which somebody has to read. */
export function namesTypes({ includedResources = [], excludedResources = [] }: ResourceLists) {
  return includedResources.length + excludedResources.length > 0;
}

/**
 * Reads the lists of types of a restore, whose names may be written as those of a backup. A name means a type of the
 * backup, whatever else the cluster serves under it. One that backup and cluster do not know is refused where it is
 * included, as is a type that no restore touches; where it is excluded it excludes nothing.
 */
export function readTypes(lists: ResourceLists, among: NamedAmong): TypesAnswer {
  const held = among.held.map((type) => withNames(type, among.served));
  const types = new TypeListReader([]).read({ lists, root: '/spec' }, OLD_LISTS, held);
  const errors = (lists.includedResources ?? [])
    .filter((name) => name !== ALL_TYPES && !isPattern(name))
    .flatMap((name) => errorOf(name, held, among) ?? []);
  const [first] = errors;
  return first === undefined
    ? { types }
    : {
        refusal: {
          code: first.code,
          message: first.detail,
          subject: SUBJECT,
          errors: shortErrors(errors),
        },
      };
}

/** A type of the backup with the other names that it has in the cluster, as far as that serves it. */
export function withNames(type: ResourceType, served: readonly ServedType[]): ServedType {
  const same = served.find((one) => groupResource(one) === groupResource(type));
  return { ...type, singular: same?.singular ?? '', shortNames: same?.shortNames ?? [] };
}

function errorOf(
  name: string,
  held: readonly ServedType[],
  { backupName, served, failedGroups }: NamedAmong,
): FieldError | undefined {
  const type = (resolveName(name, held) ?? resolveName(name, served))?.taken;
  const written = type === undefined ? name.trim().toLowerCase() : groupResource(type);
  if (NOT_RESTORED.has(written)) {
    const what = `${written}, which no restore touches: the cluster makes them itself, or they belong to the backup program`;
    return fault('type-not-restorable', `names ${what}; leave it out`);
  }
  if (type !== undefined || isOfFailedGroup(name, failedGroups)) {
    return undefined;
  }
  const has = shortList(held.map(groupResource).sort(), HELD_MAX);
  return fault(
    'type-not-found',
    `names ${name}, which neither the cluster nor the backup ${backupName} knows; the backup has ${has}`,
  );
}

function fault(code: FieldError['code'], what: string): FieldError {
  return { pointer: POINTER, code, detail: `${SUBJECT} ${what}` };
}
