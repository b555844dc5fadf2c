import { Failure } from '../../domain/failure.ts';
import type { PodHookReport } from '../../domain/hooks/hook-report.ts';
import { backupKeys, hookRunsPrefix, restoreKeys } from '../../domain/object-key.ts';
import { readClaim } from '../../storage/claim.ts';
import { readEach, readHookRuns } from '../../storage/hook-runs.ts';
import { readJsonGzIfThere } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

/** Of the files of the hooks of a restore, those of one pod. */
const IS_REPORT = /-report\./;

/**
 * How the hooks of a backup ended: all of an ended one, and of one that is under way those that have ended so far. Throws
 * `backup-not-found`.
 */
export async function readHooks(store: ObjectStore, name: string): Promise<PodHookReport[]> {
  const keys = backupKeys(name);
  const report = await readJsonGzIfThere(store, keys.hooks);
  if (report !== undefined) {
    // It was written by a run of ours, in this layout.
    return report as PodHookReport[];
  }
  const claim = await readClaim(store, keys.claim);
  if (claim === undefined) {
    throw new Failure('backup-not-found', `there is no backup ${name}`);
  }
  return readHookRuns(store, { folder: keys.folder, runUid: claim.stored.runUid });
}

/**
 * How the hooks of restored pods ended: all of an ended restore, and of one that is under way those that have ended so far.
 * Throws `restore-not-found`.
 */
export async function readRestoreHooks(store: ObjectStore, name: string): Promise<PodHookReport[]> {
  const keys = restoreKeys(name);
  const report = await readJsonGzIfThere(store, keys.hooks);
  if (report !== undefined) {
    // It was written by a run of ours, in this layout.
    return report as PodHookReport[];
  }
  const claim = await readClaim(store, keys.claim);
  if (claim === undefined) {
    throw new Failure('restore-not-found', `there is no restore ${name}`);
  }
  const reports: PodHookReport[] = [];
  for await (const part of readEach(
    store,
    hookRunsPrefix(keys.folder, claim.stored.runUid),
    IS_REPORT,
  )) {
    // Files of these names were written by `runRestoreHooks`.
    reports.push(part as PodHookReport);
  }
  return reports;
}
