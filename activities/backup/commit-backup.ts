import { CLAIM_VERSION, type StoredBackup } from '../../domain/stored-run.ts';
import { commitBackup as writeRecord } from '../../storage/format/record.ts';
import type { CommitBackupInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';

/** See `ClusterActivities.commitBackup`. */
export async function commitBackup(deps: Dependencies, input: CommitBackupInput): Promise<void> {
  const { location, name, runUid, spec, specDigest, cluster, result, archive } = input;
  const stored: StoredBackup = {
    version: CLAIM_VERSION,
    kind: 'Backup',
    name,
    runUid,
    spec,
    specDigest,
    startTimestamp: result.startTimestamp,
    cluster,
    result,
    ...(archive === undefined ? {} : { archive }),
  };
  await writeRecord(deps.store(location), { stored, location });
}
