import type { ResourceLists } from '../backup.ts';
import type { CoverageReport } from '../coverage.ts';
import { groupResource, type ServedType } from '../item.ts';
import { takenTwin } from './cohabitation.ts';
import { isPattern, matchesPattern } from './name-pattern.ts';
import { isOfFailedGroup, resolveName } from './resource-names.ts';

/** In a list of types: all of them. */
export const ALL_TYPES = '*';

/** Velero's older lists, of types of either scope. */
export const OLD_LISTS = { included: 'includedResources', excluded: 'excludedResources' } as const;

/** Velero's newer lists, a pair for each scope. */
export const SCOPED_LISTS = {
  cluster: {
    included: 'includedClusterScopedResources',
    excluded: 'excludedClusterScopedResources',
  },
  namespaced: {
    included: 'includedNamespaceScopedResources',
    excluded: 'excludedNamespaceScopedResources',
  },
} as const;

/** The fields of two lists that belong together. */
export type ListFields =
  typeof OLD_LISTS | (typeof SCOPED_LISTS)['cluster'] | (typeof SCOPED_LISTS)['namespaced'];

/** The types that two lists name, as `resource.group`. */
export interface TypeFilter {
  /** Undefined where the list is left out, so that it does not narrow. */
  readonly included: ReadonlySet<string> | undefined;
  readonly excluded: ReadonlySet<string>;
}

/** What is known of a cluster's types. */
export interface KnownTypes {
  /** In the order of discovery. */
  readonly served: readonly ServedType[];
  /** Registered groups that do not answer, as `group/version`. */
  readonly failedGroups: readonly string[];
}

/** A name that stands for no served type, and the list that it is in. */
export interface UnknownName {
  readonly pointer: string;
  readonly name: string;
}

/** Lists of names as they were written, and where. */
export interface WrittenLists {
  readonly lists: ResourceLists;
  /** Pointer to what the lists are fields of. */
  readonly root: string;
}

/** Reads lists of names as types, and gathers what cannot be read. */
export class TypeListReader {
  readonly #failedGroups: readonly string[];
  readonly #unknown: UnknownName[] = [];
  readonly #ambiguous = new Map<string, CoverageReport['ambiguousNames'][number]>();

  constructor(failedGroups: readonly string[]) {
    this.#failedGroups = failedGroups;
  }

  /** Names in include lists; one in an exclude list excludes nothing and is no fault. */
  get unknown(): readonly UnknownName[] {
    return this.#unknown;
  }

  get ambiguous(): CoverageReport['ambiguousNames'] {
    return [...this.#ambiguous.values()];
  }

  /** The types that two lists name, of those that they may name. */
  read(
    { lists, root }: WrittenLists,
    { included, excluded }: ListFields,
    types: readonly ServedType[],
  ): TypeFilter {
    const names = lists[included] ?? [];
    const listed = this.readList(names, `${root}/${included}`, types);
    return {
      // Where no name of a list is known, the list narrows all the same.
      included: names.length === 0 ? undefined : listed,
      excluded: this.#union(lists[excluded] ?? [], types),
    };
  }

  /** The types that a list names to include them. */
  readList(
    names: readonly string[],
    pointer: string,
    types: readonly ServedType[],
  ): ReadonlySet<string> {
    for (const name of names) {
      if (this.#typesOf(name, types) === undefined) {
        this.#unknown.push({ pointer, name });
      }
    }
    return this.#union(names, types);
  }

  #union(names: readonly string[], types: readonly ServedType[]): ReadonlySet<string> {
    return new Set(names.flatMap((name) => this.#typesOf(name, types) ?? []));
  }

  /** The types that a name or a pattern stands for; undefined for a name that nobody knows. */
  #typesOf(name: string, types: readonly ServedType[]): readonly string[] | undefined {
    const served = types.map(groupResource);
    if (name === ALL_TYPES) {
      return served;
    }
    if (isPattern(name)) {
      const known = new Set(served);
      const matching = served.filter((type) => matchesPattern(name.toLowerCase(), type));
      return matching.map((type) => takenTwin(type, known));
    }
    const resolved = resolveName(name, types);
    if (resolved === undefined) {
      return isOfFailedGroup(name, this.#failedGroups) ? [] : undefined;
    }
    const taken = groupResource(resolved.taken);
    if (resolved.others.length > 0) {
      this.#ambiguous.set(name, { name, taken, others: resolved.others.map(groupResource) });
    }
    return [taken];
  }
}

/** Adds the lists of a policy; what the request says of a type counts more, as in Velero's CombineWithPolicy. */
export function combineFilters(request: TypeFilter, policy: TypeFilter): TypeFilter {
  const excluded = new Set(request.excluded);
  for (const type of policy.excluded) {
    if (request.included?.has(type) !== true) {
      excluded.add(type);
    }
  }
  if (policy.included === undefined) {
    return { included: request.included, excluded };
  }
  const added = [...policy.included].filter((type) => !excluded.has(type));
  return { included: new Set([...(request.included ?? []), ...added]), excluded };
}
