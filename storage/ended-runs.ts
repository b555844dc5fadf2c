import type { BackupResult } from '../domain/backup.ts';
import type { HooksSummary } from '../domain/hooks/hook-run.ts';
import type { EndPhase } from '../domain/phase.ts';
import type { GoodBackup } from '../domain/protection.ts';
import type { RestoreResult } from '../domain/restore.ts';
import {
  type CatalogueBackup,
  type CataloguePage,
  type CatalogueRestore,
  listBackups,
  listRestores,
} from './catalogue.ts';
import type { ObjectStore } from './object-store/port.ts';

/** Records of one page. */
const PAGE_RECORDS = 500;
const NO_HOOKS: HooksSummary = { attempted: 0, failed: 0 };

/** The end of a run, in numbers. */
export interface EndedRun {
  readonly uid: string;
  /** The schedule that made the backup, or that the restore took it from; empty where there is none. */
  readonly schedule: string;
  readonly phase: EndPhase;
  readonly startMs: number;
  readonly endMs: number;
  readonly items: number;
  readonly errors: number;
  readonly warnings: number;
  /** Size of the archive; 0 for a restore. */
  readonly archiveBytes: number;
  /** Data of volumes that was copied or written. */
  readonly volumeBytes: number;
  /** Hooks of pods that were run, and those of them that failed. */
  readonly hooks: HooksSummary;
}

/** The ended backups that Holdfast has made and a location holds; no more than the first so many. */
export function endedBackupRuns(store: ObjectStore, max: number): Promise<EndedRun[]> {
  return readPages(max, (after) => listBackups(store, { limit: PAGE_RECORDS, after }), backupRun);
}

/** The ended restores that a location holds; no more than the first so many. */
export function endedRestoreRuns(store: ObjectStore, max: number): Promise<EndedRun[]> {
  return readPages(max, (after) => listRestores(store, { limit: PAGE_RECORDS, after }), restoreRun);
}

/** The backups of a cluster, by its uid, that Holdfast has made and that are Completed; of the first so many. */
export function goodBackups(
  store: ObjectStore,
  { location, clusterUid, max }: { location: string; clusterUid: string; max: number },
): Promise<GoodBackup[]> {
  const list = (after: string): Promise<CataloguePage<CatalogueBackup>> =>
    listBackups(store, { limit: PAGE_RECORDS, after });
  return readPages(max, list, ({ name, record, claim }) => {
    const { result, spec, cluster } = claim ?? {};
    const isGood = record !== undefined && result?.phase === 'Completed';
    return isGood && spec !== undefined && cluster?.uid === clusterUid
      ? { location, name, spec, ...timesOf(result) }
      : undefined;
  });
}

async function readPages<Entry, Run>(
  max: number,
  list: (after: string) => Promise<CataloguePage<Entry>>,
  runOf: (entry: Entry) => Run | undefined,
): Promise<Run[]> {
  const runs: Run[] = [];
  let after: string | undefined = '';
  while (after !== undefined && runs.length < max) {
    const page: CataloguePage<Entry> = await list(after);
    runs.push(...page.items.flatMap((entry) => runOf(entry) ?? []));
    after = page.next;
  }
  return runs.slice(0, max);
}

/** A claim with a result and no record is a run that has not ended yet. */
function backupRun({ record, claim }: CatalogueBackup): EndedRun | undefined {
  const result = claim?.result;
  if (record === undefined || result === undefined) {
    return undefined;
  }
  return {
    ...{ uid: claim?.runUid ?? '', schedule: claim?.spec.scheduleName ?? '', phase: result.phase },
    ...timesOf(result),
    ...numbersOf(result),
    archiveBytes: result.archiveBytes,
  };
}

function restoreRun({ claim }: CatalogueRestore): EndedRun | undefined {
  const result = claim?.result;
  if (result === undefined) {
    return undefined;
  }
  return {
    ...{ uid: claim?.runUid ?? '', schedule: claim?.spec.scheduleName ?? '', phase: result.phase },
    ...timesOf(result),
    ...numbersOf(result),
    archiveBytes: 0,
  };
}

function numbersOf(result: BackupResult | RestoreResult) {
  const { items, errors, warnings, volumes, hooks = NO_HOOKS } = result;
  return { items, errors, warnings, volumeBytes: volumes?.bytes ?? 0, hooks };
}

function timesOf(result: {
  readonly startTimestamp: string;
  readonly completionTimestamp: string;
}) {
  return {
    startMs: Date.parse(result.startTimestamp),
    endMs: Date.parse(result.completionTimestamp),
  };
}
