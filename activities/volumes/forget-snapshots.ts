import pLimit from 'p-limit';

import { Failure } from '../../domain/failure.ts';
import {
  backupsOf,
  forgottenSnapshots,
  type KnownRuns,
} from '../../domain/volumes/forgotten-snapshots.ts';
import type { RepositoryKey } from '../../domain/workflow-id.ts';
import { readBackup } from '../../storage/catalogue.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { ForgottenSnapshots, UnlessLocked } from '../repository-contract.ts';
import { atRepository, unlessLocked } from './maintain-repository.ts';
import type { MaintenanceTools } from './repository-access.ts';

/** Backups that are read at the same time. */
const READS_IN_FLIGHT = 8;

/** See `RepositoryActivities.forgetSnapshots`. */
export function forgetSnapshots(
  tools: MaintenanceTools,
  input: RepositoryKey,
): Promise<UnlessLocked<ForgottenSnapshots>> {
  return atRepository(tools, input, (repository, run) =>
    unlessLocked(async () => {
      const { clusterUid } = input;
      const stored = await tools.engine.snapshots({ repository, clusterUid }, run);
      const snapshots = stored.map(({ facts, labels }) => ({ ...facts, labels }));
      // The backups are read after the snapshots: a run has its claim before its first snapshot.
      const store = tools.store(input.location);
      const names = backupsOf(snapshots);
      const known = await pLimit(READS_IN_FLIGHT).map(names, (name) => runsOf(store, name));
      const runs = new Map(names.map((name, index) => [name, known[index]]));
      const snapshotIds = forgottenSnapshots(snapshots, runs);
      if (snapshotIds.length > 0) {
        await tools.engine.forget({ repository, snapshotIds }, run);
      }
      const forgotten = snapshotIds.length;
      return { forgotten, snapshots: snapshots.length - forgotten };
    }),
  );
}

/** The runs that a record or a claim of a backup names; undefined if one of the two cannot be read. */
async function runsOf(store: ObjectStore, name: string): Promise<KnownRuns> {
  try {
    const { record, claim } = (await readBackup(store, name)) ?? {};
    return new Set([record?.metadata.uid, claim?.runUid].filter((uid) => uid !== undefined));
  } catch (error) {
    if (error instanceof Failure && error.code === 'unsupported-format') {
      return undefined;
    }
    throw error;
  }
}
