import { planKey, restoreFolder, restoreKeys } from '../../domain/object-key.ts';
import type { RestorePlan } from '../../domain/restore/restore-plan.ts';
import type { StoredRestore } from '../../domain/stored-run.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { readOwnClaim } from '../claim-name.ts';
import type { RestoreRun } from '../contract.ts';

/** What the open step claimed the name with; it holds the spec. Throws `precondition-failed` if it is another run's. */
export async function readRestoreClaim(
  store: ObjectStore,
  { name, runUid }: RestoreRun,
): Promise<StoredRestore> {
  const { stored } = await readOwnClaim(store, restoreKeys(name).claim, runUid);
  // The claim of a run that `openRestore` opened is a restore's.
  return stored as StoredRestore;
}

/** Stores the plan. Attempts write the same bytes, since the plan follows from backup and spec. */
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
