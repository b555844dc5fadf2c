import { compareText } from '../../domain/compare-text.ts';
import { Failure } from '../../domain/failure.ts';
import type { PodHookReport } from '../../domain/hooks/hook-report.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import { backupKeys, hookRunsPrefix, restoreKeys } from '../../domain/object-key.ts';
import { readClaim } from '../../storage/claim.ts';
import { readJsonGzIfThere } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

/** Of the files of the hooks of a run, those of one pod. */
const IS_RUNS = /-(pre|post)\./;
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
  const runs: HookRun[] = [];
  for await (const part of readEach(
    store,
    hookRunsPrefix(keys.folder, claim.stored.runUid),
    IS_RUNS,
  )) {
    // Files of these names were written by `freezePod` and `thawPod`.
    runs.push(...(part as HookRun[]));
  }
  return byPod(runs);
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

/** What is in the files of a folder whose names are like this; a run that is under way may remove some meanwhile. */
async function* readEach(store: ObjectStore, folder: string, name: RegExp): AsyncGenerator {
  for await (const page of store.list(folder)) {
    for (const { key } of page.filter((entry) => name.test(entry.key.slice(folder.length)))) {
      const found = await readJsonGzIfThere(store, key);
      if (found !== undefined) {
        yield found;
      }
    }
  }
}

function byPod(runs: readonly HookRun[]): PodHookReport[] {
  const pods = new Map<string, PodHookReport & { readonly runs: HookRun[] }>();
  for (const run of runs) {
    const { namespace, pod } = run;
    const report = pods.get(`${namespace}/${pod}`) ?? { namespace, pod, runs: [] };
    pods.set(`${namespace}/${pod}`, report);
    report.runs.push(run);
  }
  for (const { runs: own } of pods.values()) {
    // Times have whole seconds; what comes before a copy comes first.
    own.sort(
      (left, right) =>
        compareText(left.startTimestamp, right.startTimestamp) ||
        compareText(right.phase, left.phase),
    );
  }
  return [...pods.values()];
}
