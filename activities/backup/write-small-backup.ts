import { writeSmallArchive } from '../../storage/format/archive.ts';
import { verifyArchive } from '../../storage/format/verify-archive.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import type { BackupRun, VerifiedBackup } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { exportPages } from './export-pages.ts';
import { openPart } from './export-shard.ts';
import { readBackupClaim, readPlan } from './plan-backup.ts';
import { relatedPages } from './related-pages.ts';
import { writeCoverage } from './write-coverage.ts';

/** See `ClusterActivities.writeSmallBackup`. */
export function writeSmallBackup(deps: Dependencies, run: BackupRun): Promise<VerifiedBackup> {
  return withHeartbeat(async ({ signal, report }) => {
    const { name, runUid } = run;
    const store = deps.store(run.location);
    const [plan, { spec }] = await Promise.all([readPlan(deps, run), readBackupClaim(deps, run)]);
    const part = openPart(plan, { signal });
    const units = plan.shards.flatMap((shard) => shard.units);
    async function* pages(): AsyncGenerator<readonly ArchiveItem[]> {
      yield* exportPages(deps.cluster, { ...part, units });
      yield* relatedPages(deps.cluster, part);
    }
    const onProgress = (itemsDone: number, bytesDone: number): void => {
      report({ itemsDone, bytesDone });
    };
    const { items } = await writeSmallArchive(store, {
      ...{ name, runUid, signal, onProgress },
      pages: pages(),
    });
    const verified = await verifyArchive(store, { name, runUid, items, onProgress, signal });
    const notes = part.notes.notes(part.problems.all());
    return writeCoverage(store, { name, spec, plan, notes, verified });
  });
}
