import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import type { RestoredVolume } from '../../domain/volumes/restored-volumes.ts';
import type { ClaimFacts } from '../../domain/volumes/volume-facts.ts';
import type { VolumeBatch } from '../../domain/volumes/volume-plan.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { readClaim } from './claims.ts';

/** Only one pod may mount such a claim at a time. */
const ONE_POD = 'ReadWriteOncePod';

/**
 * Names of the other claims of the pod that a restored volume is for, as far as they have no volume yet. Mounted together
 * with it they get their volumes on the same node, without which the pod could not run.
 */
export async function freshClaims(
  cluster: Pick<Cluster, 'read'>,
  { volumes }: VolumeBatch<RestoredVolume>,
  { index, record }: RestoredVolume,
): Promise<string[]> {
  const beside = volumes.filter((one) => one.index !== index && isOfSamePod(one.record, record));
  const claims = await Promise.all(
    beside.map(({ namespace, claim: name = '' }) => readClaim(cluster, { namespace, name })),
  );
  return claims.flatMap((claim) => (claim !== undefined && isFresh(claim) ? claim.name : []));
}

function isOfSamePod(one: CopyRecord, other: CopyRecord): boolean {
  return one.pod !== undefined && one.pod === other.pod && one.namespace === other.namespace;
}

function isFresh({ volumeName, volumeMode, accessModes }: ClaimFacts): boolean {
  return volumeName === undefined && volumeMode === 'Filesystem' && !accessModes.includes(ONE_POD);
}
