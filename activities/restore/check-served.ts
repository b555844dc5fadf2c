import type { FailureReport } from '../../domain/failure.ts';
import { fields, list } from '../../domain/fields.ts';
import { groupResource, type KubernetesObject } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import { skipReason } from '../../domain/restore/skip-rules.ts';
import type { TypeSurvey } from '../../domain/restore/type-survey.ts';
import {
  chooseVersions,
  compareVersions,
  type HeldType,
  type ServedVersions,
  whyNotServed,
} from '../../domain/restore/version-choice.ts';
import { readBodies } from '../../storage/format/read-bodies.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { Discovery } from '../kubernetes/port.ts';
import { typeOf } from './shard-lines.ts';

export interface ServedQuestion {
  readonly discovery: Discovery;
  readonly store: ObjectStore;
  readonly spec: RestoreSpec;
  /** Has seen all lines of the backup's index. */
  readonly survey: TypeSurvey;
  readonly signal: AbortSignal;
}

export interface ServedAnswer {
  /** The version in which the items of a type are restored, by type. */
  readonly versions: ReadonlyMap<string, string>;
  /** Types that are served once an APIService of the backup is restored, which comes last. */
  readonly aggregated: readonly string[];
  /** Set when the cluster serves a type in no version that the backup has. */
  readonly refusal: FailureReport | undefined;
}

/**
 * Compares the versions that the backup has of what is restored with those that the cluster serves, and with those
 * that it will serve once the definitions and APIServices of the backup are restored. Writes nothing; reads the few of
 * them that the answer depends on.
 */
export async function checkServed(question: ServedQuestion): Promise<ServedAnswer> {
  const { discovery, spec, survey } = question;
  const served = servedVersions(discovery);
  const now = chooseVersions(survey.types, served);
  const defined = await definedVersions(question, now.unserved);
  const aggregated = await aggregatedVersions(question, now.unserved);
  const willBeServed = new Map(served);
  for (const { type, group } of now.unserved) {
    const restored = defined.get(type) ?? aggregated.get(group);
    willBeServed.set(type, versionsAfter(spec, served.get(type), restored));
  }
  const later = chooseVersions(now.unserved, willBeServed);
  const refusal = whyNotServed({
    ...{ backupName: spec.backupName, unserved: later.unserved, served },
    failedGroups: discovery.failedGroups,
  });
  return {
    versions: new Map([...now.chosen, ...later.chosen]),
    aggregated: [...later.chosen.keys()].filter((type) => isAggregated(type, { defined, served })),
    refusal,
  };
}

function isAggregated(
  type: string,
  others: { readonly defined: ServedVersions; readonly served: ServedVersions },
): boolean {
  return !others.defined.has(type) && !others.served.has(type);
}

function servedVersions({ types, otherVersions }: Discovery): Map<string, readonly string[]> {
  const served = new Map<string, readonly string[]>();
  for (const type of [...types, ...otherVersions]) {
    const name = groupResource(type);
    served.set(name, [...(served.get(name) ?? []), type.version]);
  }
  return served;
}

/** A definition that is in the cluster is left alone, unless the request says that it is updated. */
function versionsAfter(
  { existingResourcePolicy = 'none' }: RestoreSpec,
  served: readonly string[] = [],
  defined: readonly string[] = [],
): readonly string[] {
  if (served.length === 0) {
    return defined;
  }
  return existingResourcePolicy === 'none' ? served : [...new Set([...served, ...defined])];
}

async function definedVersions(
  { store, spec, survey, signal }: ServedQuestion,
  types: readonly HeldType[],
): Promise<ServedVersions> {
  const lines = survey.definitionsOf(types);
  const defined = new Map<string, readonly string[]>();
  const archiveKey = backupKeys(spec.backupName).archive;
  for await (const { line, object } of readBodies(store, { archiveKey, lines, signal })) {
    defined.set(line.name, versionsOf(object));
  }
  return defined;
}

/** The versions of a group that API servers serve which the backup registers. That they serve the type is trusted. */
async function aggregatedVersions(
  { store, spec, survey, signal }: ServedQuestion,
  types: readonly HeldType[],
): Promise<ServedVersions> {
  const lines = survey.apiServicesOf(types);
  const served = new Map<string, string[]>();
  const archiveKey = backupKeys(spec.backupName).archive;
  for await (const { line, object } of readBodies(store, { archiveKey, lines, signal })) {
    const { group, version } = fields(object['spec']);
    if (
      typeof group === 'string' &&
      typeof version === 'string' &&
      skipReason(typeOf(line), object) === undefined
    ) {
      served.set(group, [...(served.get(group) ?? []), version].sort(compareVersions));
    }
  }
  return served;
}

/** The versions that a definition serves, in the order in which Kubernetes prefers them. */
function versionsOf(definition: KubernetesObject): readonly string[] {
  return list(fields(definition['spec'])['versions'])
    .map(fields)
    .filter(({ served }) => served === true)
    .flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
    .sort(compareVersions);
}
