import type { BackupResource } from '../../domain/api-resource.ts';
import { Failure } from '../../domain/failure.ts';
import { isEndPhase, type Phase } from '../../domain/phase.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { BACKUPS } from '../runs/kinds.ts';

/** Phases that leave a backup with contents. */
const USABLE: ReadonlySet<Phase> = new Set(['Completed', 'PartiallyFailed']);

/** Looks at a backup wherever it is, as `GET /backups/{name}` does. Throws `not-found`. */
export type LookAtBackup = (key: RunKey) => Promise<BackupResource>;

/**
 * Throws unless a backup has ended and has contents: `still-running`, `being-deleted`, `backup-not-usable`, and what
 * looking at it throws. Temporal is asked only about a backup that has no record in the location.
 */
export async function requireUsable(
  store: ObjectStore,
  key: RunKey,
  look: LookAtBackup,
): Promise<void> {
  const { status } = (await BACKUPS.read(store, key)) ?? (await look(key));
  const { phase } = status;
  if (USABLE.has(phase)) {
    return;
  }
  if (phase === 'Deleting') {
    throw new Failure('being-deleted', `the backup ${key.name} is being deleted`);
  }
  if (!isEndPhase(phase)) {
    const text = `the backup ${key.name} has not ended, and only then its contents can be looked at; wait for its end`;
    throw new Failure('still-running', text);
  }
  const text = `the backup ${key.name} ended as ${phase} and has no contents`;
  throw new Failure('backup-not-usable', text);
}
