import type { FailureReport } from '../../domain/failure.ts';
import { newestBackup, triedRestore } from '../../domain/restore/restore-source.ts';
import { RetriedItems } from '../../domain/restore/retried-items.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import type { StoredRestore } from '../../domain/stored-run.ts';
import type { VeleroBackup } from '../../domain/velero-record.ts';
import { listBackups, readRestore } from '../../storage/catalogue.ts';
import { readAllOutcomes } from '../../storage/format/outcome-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

/** Records of one page of a location's backups. */
const PAGE_RECORDS = 500;
/** Restores that tried each other again, one after the other. */
const CHAIN_MAX = 100;

interface Asked {
  readonly spec: RestoreSpec;
  readonly location: string;
}

/** A restore cannot be done as it is asked for. */
export interface Refused {
  readonly refusal: FailureReport;
}

/** The spec with the backup that is restored: the one that it names, or the newest of the schedule that it names. */
export async function withBackup(
  store: ObjectStore,
  { spec, location }: Asked,
): Promise<{ readonly spec: RestoreSpec } | Refused> {
  const { scheduleName, allowPartiallyFailed = false } = spec;
  if (scheduleName === undefined) {
    return { spec };
  }
  const newest = newestBackup(await recordsOf(store), spec);
  if (newest !== undefined) {
    return { spec: { ...spec, backupName: newest.metadata.name } };
  }
  const phases = allowPartiallyFailed ? 'Completed or PartiallyFailed' : 'Completed';
  const message = `location ${location} holds no backup of the schedule ${scheduleName} that is ${phases}`;
  return { refusal: { code: 'backup-not-found', message, subject: 'spec.scheduleName' } };
}

/**
 * The items that the restore which is tried again has failed at or not reached; undefined where none is tried again.
 * Refused with `restore-not-found`, also where one that it tried again itself is needed and gone, with
 * `still-running` and with `nothing-selected`.
 */
export async function retriedItems(
  store: ObjectStore,
  { spec, location }: Asked,
): Promise<RetriedItems | Refused | undefined> {
  if (spec.retryOf === undefined) {
    return undefined;
  }
  const items = new RetriedItems(spec);
  let retryOf: string | undefined = spec.retryOf;
  for (let restores = 0; retryOf !== undefined && restores < CHAIN_MAX; restores += 1) {
    const answer = triedRestore({ retryOf, location }, await claimOf(store, retryOf, spec));
    if ('refusal' in answer) {
      return answer;
    }
    const { tried }: { readonly tried: StoredRestore } = answer;
    const hasAll = hasReachedAll(tried);
    items.begin({ runUid: tried.runUid, reach: hasAll ? 'all' : 'some' });
    for await (const outcomes of readAllOutcomes(store, retryOf)) {
      items.add(outcomes);
    }
    retryOf = hasAll ? undefined : tried.spec.retryOf;
  }
  return items.isEmpty ? { refusal: nothingFailed(spec) } : items;
}

/** What a location has of a restore of the same backup; one of another has taken the name of one that was deleted. */
async function claimOf(
  store: ObjectStore,
  name: string,
  { backupName }: RestoreSpec,
): Promise<StoredRestore | undefined> {
  const claim = (await readRestore(store, name))?.claim;
  return claim?.spec.backupName === backupName ? claim : undefined;
}

/** One that failed or was cancelled may have ended before any of its items. */
function hasReachedAll({ result }: StoredRestore): boolean {
  const phase = result?.phase;
  return phase === 'Completed' || phase === 'PartiallyFailed';
}

function nothingFailed({ retryOf = '' }: RestoreSpec): FailureReport {
  const message = `the restore ${retryOf} has reached all of its items and failed at none; there is nothing to try again`;
  return { code: 'nothing-selected', message, subject: 'spec.retryOf' };
}

async function recordsOf(store: ObjectStore): Promise<VeleroBackup[]> {
  const records: VeleroBackup[] = [];
  let after: string | undefined = '';
  while (after !== undefined) {
    const page = await listBackups(store, { limit: PAGE_RECORDS, after });
    for (const entry of page.items) {
      records.push(...('record' in entry ? [entry.record] : []));
    }
    after = page.next;
  }
  return records;
}
