import {
  BACKUPS_PREFIX,
  backupKeys,
  RESTORES_PREFIX,
  restoreKeys,
} from '../../domain/object-key.ts';
import type { Orphan } from '../../domain/orphan.ts';
import { readClaim, type StoredRun } from '../../storage/claim.ts';
import type { UnfinishedUpload } from '../../storage/object-store/port.ts';
import type { FindOrphansInput } from '../reconcile-contract.ts';
import { byFolder } from './by-folder.ts';
import { isDead, type ReconcileDeps, type RunFolderKey } from './left-in-folder.ts';

/** What the folder of one run has of uploads that nobody goes on with. */
interface LeftUploads {
  readonly orphan: Orphan;
  readonly uploads: readonly UnfinishedUpload[];
}

const KINDS = [
  { kind: 'Backup', prefix: BACKUPS_PREFIX },
  { kind: 'Restore', prefix: RESTORES_PREFIX },
] as const;

/**
 * Uploads in the folders of runs that have ended and closed: no listing of objects shows them, and a store keeps them for
 * ever. Those of a run without an end go with its deletion. A claim that is read after the uploads, and is still that of
 * the run, says that none of them is of a later run.
 */
export async function* leftUploads(
  deps: ReconcileDeps,
  input: FindOrphansInput,
): AsyncGenerator<LeftUploads> {
  const store = deps.store(input.location);
  for (const { kind, prefix } of KINDS) {
    const byName = byFolder(prefix, await store.listUploads(prefix));
    for (const [name, uploads] of byName) {
      const claim = await endedClaim(deps, input, { kind, name });
      if (claim !== undefined) {
        const [since] = uploads.map((upload) => upload.since).sort();
        const { runUid } = claim;
        const reason = `the ${kind.toLowerCase()} has ended, and ${String(uploads.length)} uploads in its folder were never finished`;
        const orphan: Orphan = {
          ...{ kind: 'LeftUploads', place: `${prefix}${name}/`, reason },
          ...{ run: { kind, name, runUid }, ...(since === undefined ? {} : { since }) },
          objects: uploads.length,
        };
        yield { orphan, uploads };
      }
    }
  }
}

/** The claim of a run of ours and of the cluster that has ended, and whose workflow has closed. */
async function endedClaim(
  deps: ReconcileDeps,
  input: FindOrphansInput,
  run: RunFolderKey,
): Promise<StoredRun | undefined> {
  const store = deps.store(input.location);
  const { kind, name } = run;
  const keys = kind === 'Backup' ? backupKeys(name) : restoreKeys(name);
  const claim = (await readClaim(store, keys.claim))?.stored;
  if (claim?.installation !== deps.installation || claim.spec.cluster !== input.cluster) {
    return undefined;
  }
  const hasEnded =
    kind === 'Backup'
      ? (await store.head(backupKeys(name).record)) !== undefined
      : claim.result !== undefined;
  return hasEnded && (await isDead(deps, { ...run, ...input }, claim.runUid)) ? claim : undefined;
}
