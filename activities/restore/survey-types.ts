import type { IndexLine } from '../../domain/backup-index.ts';
import { groupResource, type ResourceType } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { RestoreScope } from '../../domain/restore/restore-scope.ts';
import type { RestoreRules } from '../../domain/restore/restore-rules.ts';
import type { RestoreFilter } from '../../domain/restore/restore-selection.ts';
import { type NamedAmong, namesTypes, readTypes } from '../../domain/restore/restore-types.ts';
import { TypeSurvey } from '../../domain/restore/type-survey.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import { readIndex } from '../../storage/format/index-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { Cluster, Discovery } from '../kubernetes/port.ts';
import { checkServed } from './check-served.ts';
import { checkStorageClasses } from './check-storage-classes.ts';
import { type ConfiguredRules, readRules } from './read-rules.ts';
import { type Refused, retriedItems } from './restore-source.ts';

export interface IndexSource {
  readonly cluster: Pick<Cluster, 'discover' | 'read' | 'listPages' | 'openApi'>;
  /** Holdfast's own namespace: Velero's ConfigMaps and resource modifiers are looked for there, and it is not restored over. */
  readonly namespace: string;
  readonly store: ObjectStore;
  readonly spec: RestoreSpec;
  readonly location: string;
  readonly signal: AbortSignal;
  /** The rules that a restore was opened with; read from the cluster if left out. */
  readonly configured?: ConfiguredRules | undefined;
  /** Where a restore is under way: what plugins add to it, which is not refused as a whole. */
  readonly added?: RestoreFilter['added'];
}

/** What a restore takes of a backup, type by type. */
export interface SurveyedTypes {
  readonly filter: RestoreFilter;
  readonly survey: TypeSurvey;
  readonly rules: RestoreRules;
  /** The version in which the items of a type are restored, by type. */
  readonly versions: ReadonlyMap<string, string>;
  /** See `ServedAnswer`. */
  readonly aggregated: readonly string[];
}

/**
 * Compares a request with a backup's index and with what the cluster serves, or says why the one cannot be done with
 * the others. Reads the index once, and once more if the request names types; writes nothing.
 */
export async function surveyTypes(source: IndexSource): Promise<SurveyedTypes | Refused> {
  const discovery = await source.cluster.discover();
  const known = await knownTypes(source, discovery);
  const filter = await readFilter(source, known);
  if ('refusal' in filter) {
    return filter;
  }
  const rules = await readRules(source, known);
  if ('refusal' in rules) {
    return rules;
  }
  const scope = new RestoreScope(filter);
  const survey = new TypeSurvey(filter);
  await eachLine(source, (line) => {
    if (line.isOtherVersion !== true) {
      scope.see(line);
    }
    survey.see(line);
  });
  if (source.added !== undefined) {
    const { versions, aggregated } = await checkServed({ ...source, discovery, survey });
    return { filter, survey, rules, versions, aggregated };
  }
  const refusal = scope.refusal() ?? (await checkStorageClasses({ ...source, rules, survey }));
  if (refusal !== undefined) {
    return { refusal };
  }
  const { refusal: unserved, ...chosen } = await checkServed({ ...source, discovery, survey });
  return unserved === undefined ? { filter, survey, rules, ...chosen } : { refusal: unserved };
}

/** Tells of every line of a backup's index, in its order. */
export async function eachLine(
  { store, spec, signal }: IndexSource,
  see: (line: IndexLine) => void,
): Promise<void> {
  for await (const lines of readIndex(store, backupKeys(spec.backupName).index, { signal })) {
    for (const line of lines) {
      see(line);
    }
  }
}

async function readFilter(
  source: IndexSource,
  known: NamedAmong,
): Promise<RestoreFilter | Refused> {
  const { spec, namespace: own, store, added } = source;
  const items = await retriedItems(store, source);
  if (items !== undefined && 'refusal' in items) {
    return items;
  }
  const filter = {
    ...{ spec, own },
    ...(items === undefined ? {} : { retried: items }),
    ...(added === undefined ? {} : { added }),
  };
  if (!namesTypes(spec)) {
    return filter;
  }
  const answer = readTypes(spec, known);
  return 'refusal' in answer ? answer : { ...filter, types: answer.types };
}

/** What the names of types in a request may mean. The types of the backup are read only if something asks for them. */
async function knownTypes(
  source: IndexSource,
  { types: served, failedGroups }: Discovery,
): Promise<NamedAmong> {
  const { backupName, restoreStatus, ...lists } = source.spec;
  const isAsked = namesTypes(lists) || restoreStatus !== undefined;
  return { backupName, held: isAsked ? await heldTypes(source) : [], served, failedGroups };
}

async function heldTypes(source: IndexSource): Promise<readonly ResourceType[]> {
  const held = new Map<string, ResourceType>();
  await eachLine(source, (line) => {
    const { group, version, resource, kind } = line;
    const name = groupResource(line);
    if (line.isOtherVersion !== true || !held.has(name)) {
      held.set(name, { group, version, resource, kind, isNamespaced: line.namespace !== '' });
    }
  });
  return [...held.values()];
}
