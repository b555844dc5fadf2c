import type { FailureReport } from '../../domain/failure.ts';
import { fields, list } from '../../domain/fields.ts';
import { groupResource, type KubernetesObject } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
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
  /** Set when the cluster serves a type in no version that the backup has. */
  readonly refusal: FailureReport | undefined;
}

/**
 * Compares the versions that the backup has of what is restored with those that the cluster serves, and with those
 * that it will serve once the definitions of the backup are restored. Writes nothing; reads the few definitions that
 * the answer depends on.
 */
export async function checkServed(question: ServedQuestion): Promise<ServedAnswer> {
  const { discovery, spec, survey } = question;
  const served = servedVersions(discovery);
  const now = chooseVersions(survey.types, served);
  const defined = await definedVersions(question, now.unserved);
  const willBeServed = new Map(served);
  for (const { type } of now.unserved) {
    willBeServed.set(type, versionsAfter(spec, served.get(type), defined.get(type)));
  }
  const later = chooseVersions(now.unserved, willBeServed);
  const refusal = whyNotServed({
    ...{ backupName: spec.backupName, unserved: later.unserved, served },
    failedGroups: discovery.failedGroups,
  });
  return { versions: new Map([...now.chosen, ...later.chosen]), refusal };
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

/** The versions that a definition serves, in the order in which Kubernetes prefers them. */
function versionsOf(definition: KubernetesObject): readonly string[] {
  return list(fields(definition['spec'])['versions'])
    .map(fields)
    .filter(({ served }) => served === true)
    .flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
    .sort(compareVersions);
}
