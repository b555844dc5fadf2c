import { groupResource, type ServedType } from '../item.ts';
import { takenTwin } from './cohabitation.ts';

/** What a name stands for, and what it could stand for as well. */
export interface ResolvedName {
  readonly taken: ServedType;
  /** Types of other groups that have the name too; empty where the name tells its group apart. */
  readonly others: readonly ServedType[];
}

/**
 * Finds the type that a name stands for, as kubectl does: a plural, a short name, a singular or a kind, in any case,
 * alone or before `.group` or `.version.group`; of a group that is not served, its beginning will do. The first in
 * the order of discovery is taken, and of two types that hold the same objects the one that is backed up, also where
 * the other is no longer served: `ingresses.extensions`.
 */
export function resolveName(name: string, types: readonly ServedType[]): ResolvedName | undefined {
  // kubectl writes the core group behind a version as nothing: `pods.v1.`
  const written = name.trim().toLowerCase().replace(/\.$/, '');
  const byName = new Map(types.map((type) => [groupResource(type), type]));
  const named = [...typesNamed(written, types).map(groupResource), written];
  const distinct = new Set(named.map((type) => takenTwin(type, byName)));
  const [taken, ...others] = [...distinct].flatMap((type) => byName.get(type) ?? []);
  return taken === undefined ? undefined : { taken, others };
}

/** Whether a name is of an API group that is registered and does not answer, so that nobody knows the type. */
export function isOfFailedGroup(name: string, failedGroups: readonly string[]): boolean {
  const [, ...rest] = name.trim().toLowerCase().split('.');
  const suffix = rest.join('.');
  return failedGroups.some((groupVersion) => {
    const [group = '', version = ''] = groupVersion.split('/');
    return suffix !== '' && (suffix === group || suffix === `${version}.${group}`);
  });
}

/** The names of a type, those first that win when another type has the same. */
const RANKS: readonly ((type: ServedType) => readonly string[])[] = [
  ({ resource }) => [resource],
  ({ shortNames }) => shortNames,
  ({ singular, kind }) => [singular, kind.toLowerCase()],
];

/** The types that have a name, those first that have the better claim to it. */
function typesNamed(name: string, types: readonly ServedType[]): readonly ServedType[] {
  const [word = '', ...rest] = name.split('.');
  // An empty word would be the singular of every type whose singular nobody tells.
  const inGroup = word === '' ? [] : typesInGroup(rest.join('.'), types);
  return RANKS.flatMap((namesOf) => inGroup.filter((type) => namesOf(type).includes(word)));
}

function typesInGroup(suffix: string, types: readonly ServedType[]): readonly ServedType[] {
  if (suffix === '') {
    return types;
  }
  const exact = types.filter(
    ({ group, version }) =>
      suffix === group || suffix === (group === '' ? version : `${version}.${group}`),
  );
  return exact.length > 0 ? exact : types.filter(({ group }) => group.startsWith(suffix));
}
