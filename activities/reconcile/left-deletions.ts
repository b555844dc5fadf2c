import { TOMBSTONES_PREFIX } from '../../domain/object-key.ts';
import type { Orphan } from '../../domain/orphan.ts';
import { deleteWorkflowId } from '../../domain/workflow-id.ts';
import { readBackup, runUidOf } from '../../storage/catalogue.ts';
import { readTombstone } from '../../storage/tombstones.ts';
import type { FindOrphansInput } from '../reconcile-contract.ts';
import type { ReconcileDeps } from './left-in-folder.ts';

/** Deletions that have begun and that nobody goes on with, and tombstones of what is gone. */
export async function* leftDeletions(
  deps: ReconcileDeps,
  input: FindOrphansInput,
): AsyncGenerator<Orphan> {
  for await (const page of deps.store(input.location).list(TOMBSTONES_PREFIX)) {
    for (const { key } of page) {
      const name = key.slice(TOMBSTONES_PREFIX.length, -'.json'.length);
      const orphan = await leftDeletion(deps, input, { key, name });
      if (orphan !== undefined) {
        yield orphan;
      }
    }
  }
}

async function leftDeletion(
  deps: ReconcileDeps,
  { location, cluster }: FindOrphansInput,
  { key, name }: { readonly key: string; readonly name: string },
): Promise<Orphan | undefined> {
  const workflowId = deleteWorkflowId('Backup', { location, name });
  if (!(await deps.leases.isClosed({ workflowId, runId: '' }))) {
    return undefined;
  }
  // After the look at the workflow: one that has ended since has taken its tombstone with it.
  const store = deps.store(location);
  const tombstone = await readTombstone(store, name);
  if (tombstone === undefined) {
    return undefined;
  }
  const { runUid, since } = tombstone;
  const backup = await readBackup(store, name);
  const orphan = { place: key, run: { kind: 'Backup', name, runUid }, since } as const;
  if (backup === undefined || runUidOf(backup) !== runUid) {
    const reason = 'the backup whose deletion it tells of is gone';
    return { kind: 'LeftTombstone', reason, ...orphan };
  }
  const owner = backup.claim?.spec.cluster ?? cluster;
  const reason = `the deletion of the backup ${name} has begun, and nothing goes on with it`;
  return owner === cluster ? { kind: 'UnfinishedDeletion', reason, ...orphan } : undefined;
}
