import { Failure } from '../../domain/failure.ts';
import { planKey, restoreFolder, restoreKeys, restoreRulesKey } from '../../domain/object-key.ts';
import type { RestorePlan } from '../../domain/restore/restore-plan.ts';
import type { StoredRestore } from '../../domain/stored-run.ts';
import { gzipText, readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { readOwnClaim } from '../claim-name.ts';
import type { RestoreRun } from '../contract.ts';
import type { ConfiguredRules } from './read-rules.ts';

/** What the open step claimed the name with; it holds the spec. Throws `precondition-failed` if it is another run's. */
export async function readRestoreClaim(
  store: ObjectStore,
  { name, runUid }: RestoreRun,
): Promise<StoredRestore> {
  const { stored } = await readOwnClaim(store, restoreKeys(name).claim, runUid);
  // The claim of a run that `openRestore` opened is a restore's.
  return stored as StoredRestore;
}

/** Keeps the rules that a restore is opened with. What an earlier attempt has kept stays. */
export async function keepOpenRules(
  store: ObjectStore,
  { name, runUid }: RestoreRun,
  rules: ConfiguredRules,
): Promise<void> {
  try {
    const bytes = await gzipText(JSON.stringify(rules));
    await store.put(restoreRulesKey(restoreFolder(name), runUid), bytes, { isNew: true });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'precondition-failed') {
      throw error;
    }
  }
}

/** The rules that a restore was opened with; undefined if it was opened by a Holdfast that kept none. */
export async function readOpenRules(
  store: ObjectStore,
  { name, runUid }: RestoreRun,
): Promise<ConfiguredRules | undefined> {
  const key = restoreRulesKey(restoreFolder(name), runUid);
  // The object under this key was written by `openRestore` of the same run.
  return (await store.head(key)) === undefined
    ? undefined
    : ((await readJsonGz(store, key)) as ConfiguredRules);
}

/** Stores the plan. Attempts write the same bytes, since the plan follows from backup, spec and rules. */
export function writeRestorePlan(
  store: ObjectStore,
  { name, runUid }: RestoreRun,
  plan: RestorePlan,
): Promise<void> {
  return writeJsonGz(store, planKey(restoreFolder(name), runUid), plan);
}

/** The plan that `planRestore` stored. Throws `object-missing`. */
export async function readRestorePlan(
  store: ObjectStore,
  { name, runUid }: RestoreRun,
): Promise<RestorePlan> {
  // The object under this key was written by `planRestore` of the same run.
  return (await readJsonGz(store, planKey(restoreFolder(name), runUid))) as RestorePlan;
}
