import { backupFolder } from '../../domain/object-key.ts';
import { assembleArchive } from '../../storage/format/archive.ts';
import type { AssembleInput, AssembleResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';

/** See `ClusterActivities.assembleBackup`. */
export function assembleBackup(deps: Dependencies, input: AssembleInput): Promise<AssembleResult> {
  const { name, runUid, shards } = input;
  return withHeartbeat(({ signal }) =>
    assembleArchive(deps.store(input.location), {
      name,
      runFolder: backupFolder(name),
      runUid,
      shards,
      signal,
    }),
  );
}
