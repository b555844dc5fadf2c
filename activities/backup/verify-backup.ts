import { verifyArchive } from '../../storage/format/verify-archive.ts';
import type { VerifiedBackup, VerifyInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { readNotes } from './export-shard.ts';
import { readBackupClaim, readPlan } from './plan-backup.ts';
import { writeCoverage } from './write-coverage.ts';

/** See `ClusterActivities.verifyBackup`. */
export function verifyBackup(deps: Dependencies, input: VerifyInput): Promise<VerifiedBackup> {
  const { name, runUid, items } = input;
  return withHeartbeat(async ({ signal, report }) => {
    const store = deps.store(input.location);
    const verified = await verifyArchive(store, {
      ...{ name, runUid, items, signal },
      onProgress: (itemsDone, bytesDone) => {
        report({ itemsDone, bytesDone });
      },
    });
    const [plan, { spec }, notes] = await Promise.all([
      readPlan(deps, input),
      readBackupClaim(deps, input),
      readNotes(deps, input),
    ]);
    const hasVolumes = plan.hasVolumes || input.hasVolumes === true;
    return writeCoverage(store, { name, spec, plan: { ...plan, hasVolumes }, notes, verified });
  });
}
