import pLimit from 'p-limit';

import { Failure, type FailureCode } from '../../domain/failure.ts';
import {
  backupsOf,
  forgottenSnapshots,
  type KnownRuns,
} from '../../domain/volumes/forgotten-snapshots.ts';
import type { RepositoryKey } from '../../domain/workflow-id.ts';
import { readBackup } from '../../storage/catalogue.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { EngineRun, RepositoryAccess } from '../engine/port.ts';
import type { ForgottenSnapshots, UnlessLocked } from '../repository-contract.ts';
import { readCopyRecords } from './copy-records.ts';
import { atRepository, unlessLocked } from './maintain-repository.ts';
import type { MaintenanceTools } from './repository-access.ts';

/** Backups that are read at the same time. */
const READS_IN_FLIGHT = 8;
/** What a backup that cannot be read fails with. */
const UNREADABLE: ReadonlySet<FailureCode> = new Set(['unsupported-format', 'archive-mismatch']);

/** See `RepositoryActivities.forgetSnapshots`. */
export function forgetSnapshots(
  tools: MaintenanceTools,
  input: RepositoryKey,
): Promise<UnlessLocked<ForgottenSnapshots>> {
  return atRepository(tools, input, (repository, run) =>
    unlessLocked(async () => {
      const look = { key: input, access: repository, run };
      const { all, left: snapshotIds } = await lookForSnapshots(tools, look);
      if (snapshotIds.length > 0) {
        await tools.engine.forget({ repository, snapshotIds }, run);
      }
      const forgotten = snapshotIds.length;
      return { forgotten, snapshots: all.length - forgotten };
    }),
  );
}

/** A repository, and how to look into it. */
interface SnapshotLook {
  readonly key: RepositoryKey;
  readonly access: RepositoryAccess;
  readonly run: EngineRun;
}

/** The snapshots of a repository, and those that nothing in the location refers to. */
export async function lookForSnapshots(
  tools: MaintenanceTools,
  { key: { location, clusterUid }, access, run }: SnapshotLook,
): Promise<{ readonly all: readonly string[]; readonly left: readonly string[] }> {
  const stored = await tools.engine.snapshots({ repository: access, clusterUid }, run);
  const snapshots = stored.map(({ facts, labels }) => ({ ...facts, labels }));
  // The backups are read after the snapshots: a run has its claim before its first snapshot.
  const store = tools.store(location);
  const names = backupsOf(snapshots);
  const known = await pLimit(READS_IN_FLIGHT).map(names, (name) => runsOf(store, name));
  const runs = new Map(names.map((name, index) => [name, known[index]]));
  const left = forgottenSnapshots(snapshots, runs);
  return { all: snapshots.map(({ snapshotId }) => snapshotId), left };
}

/** The runs that a record or a claim of a backup names; undefined if one of the two cannot be read. */
async function runsOf(store: ObjectStore, name: string): Promise<KnownRuns> {
  try {
    const { record, claim } = (await readBackup(store, name)) ?? {};
    const known = new Map<string, ReadonlySet<string> | 'all'>();
    if (claim !== undefined) {
      known.set(claim.runUid, 'all');
    }
    if (record?.metadata.uid !== undefined) {
      known.set(record.metadata.uid, (await namedSnapshots(store, name)) ?? 'all');
    }
    return known;
  } catch (error) {
    if (error instanceof Failure && UNREADABLE.has(error.code)) {
      return undefined;
    }
    throw error;
  }
}

/** The snapshots that the copies of a backup are in, which does not change once it has its record; undefined without any. */
async function namedSnapshots(store: ObjectStore, name: string): Promise<Set<string> | undefined> {
  const records = await readCopyRecords(store, name);
  const ids = records.flatMap(({ copy }) =>
    copy.outcome === 'Empty' ? [] : copy.snapshot.snapshotId,
  );
  return records.length === 0 ? undefined : new Set(ids);
}
