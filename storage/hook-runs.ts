import { compareText } from '../domain/compare-text.ts';
import type { PodHookReport } from '../domain/hooks/hook-report.ts';
import type { HookRun } from '../domain/hooks/hook-run.ts';
import { hookRunsPrefix } from '../domain/object-key.ts';
import { readJsonGzIfThere } from './json-file.ts';
import type { ObjectStore } from './object-store/port.ts';

/** Of the files of the hooks of a backup, those of one pod. */
const IS_RUNS = /-(pre|post)\./;

/** What the hooks of a backup gave that have ended so far, while its files are there. */
export async function readHookRuns(
  store: ObjectStore,
  { folder, runUid }: { readonly folder: string; readonly runUid: string },
): Promise<PodHookReport[]> {
  const runs: HookRun[] = [];
  for await (const part of readEach(store, hookRunsPrefix(folder, runUid), IS_RUNS)) {
    // Files of these names were written by `freezePod` and `thawPod`.
    runs.push(...(part as HookRun[]));
  }
  return byPod(runs);
}

/** What is in the files of a folder whose names are like this; a run that is under way may remove some meanwhile. */
export async function* readEach(store: ObjectStore, folder: string, name: RegExp): AsyncGenerator {
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
