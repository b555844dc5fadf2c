import type { ResourceType } from '../../domain/item.ts';
import { CLAIMS } from '../../domain/selection/related-items.ts';
import { type ClaimFacts, claimFacts } from '../../domain/volumes/volume-facts.ts';
import type { PlannedVolume, VolumeBatch } from '../../domain/volumes/volume-plan.ts';
import type { Cluster } from '../kubernetes/port.ts';

const CLAIM: ResourceType = {
  group: '',
  version: 'v1',
  resource: CLAIMS,
  kind: 'PersistentVolumeClaim',
  isNamespaced: true,
};
/** Only one pod may mount such a claim at a time. */
const ONE_POD = 'ReadWriteOncePod';

/**
 * Names of the other claims of a volume's pod that have no volume yet. Mounted together with it they get their volumes on
 * the same node, without which the pod itself could not run.
 */
export async function freshClaims(
  cluster: Pick<Cluster, 'read'>,
  { volumes }: VolumeBatch,
  volume: PlannedVolume,
): Promise<string[]> {
  const { namespace, pod, index } = volume;
  const claims = volumes
    .filter((one) => one.namespace === namespace && one.pod === pod && one.index !== index)
    .flatMap(({ claim }) => (pod === undefined ? [] : (claim ?? [])));
  const read = await Promise.all(claims.map((name) => readClaim(cluster, { namespace, name })));
  return read.flatMap((claim) => (claim !== undefined && isFresh(claim) ? claim.name : []));
}

function isFresh({ volumeName, volumeMode, accessModes }: ClaimFacts): boolean {
  return volumeName === undefined && volumeMode === 'Filesystem' && !accessModes.includes(ONE_POD);
}

/** A claim as it is now; undefined if there is none. */
export async function readClaim(
  cluster: Pick<Cluster, 'read'>,
  item: { readonly namespace: string; readonly name: string },
): Promise<ClaimFacts | undefined> {
  const object = await cluster.read(CLAIM, { ...CLAIM, ...item });
  return object && claimFacts(object);
}
