import { verifyArchive } from '../../storage/format/verify-archive.ts';
import type { ArchiveResult, VerifyInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';

/** See `ClusterActivities.verifyBackup`. */
export function verifyBackup(deps: Dependencies, input: VerifyInput): Promise<ArchiveResult> {
  const { name, runUid, items } = input;
  return withHeartbeat(async ({ signal, report }) => {
    const archive = await verifyArchive(deps.store(input.location), {
      name,
      runUid,
      items,
      signal,
      onProgress: (itemsDone, bytesDone) => {
        report({ itemsDone, bytesDone });
      },
    });
    return { archive, warnings: 0 };
  });
}
