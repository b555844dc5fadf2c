import type { ArchiveProof } from '../../domain/stored-run.ts';
import { verifyArchive } from '../../storage/format/verify-archive.ts';
import type { VerifyInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';

/** See `ClusterActivities.verifyBackup`. */
export function verifyBackup(deps: Dependencies, input: VerifyInput): Promise<ArchiveProof> {
  const { name, runUid, items } = input;
  return withHeartbeat(({ signal, report }) => {
    return verifyArchive(deps.store(input.location), {
      name,
      runUid,
      items,
      signal,
      onProgress: (itemsDone, bytesDone) => {
        report({ itemsDone, bytesDone });
      },
    });
  });
}
