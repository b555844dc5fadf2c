import { Failure } from '../../domain/failure.ts';
import type { KubernetesObject, ResourceType } from '../../domain/item.ts';
import { DATA_MARK, markedBy } from '../../domain/restore/data-mark.ts';
import type { RunReference } from '../../domain/run-reference.ts';
import { CLAIMS } from '../../domain/selection/related-items.ts';
import { type ClaimFacts, claimFacts } from '../../domain/volumes/volume-facts.ts';
import { readRestore } from '../../storage/catalogue.ts';
import type { Dependencies } from '../dependencies.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { isMountPod } from './mount-pod.ts';
import { podsWithClaim } from './pods.ts';

const CLAIM: ResourceType = {
  group: '',
  version: 'v1',
  resource: CLAIMS,
  kind: 'PersistentVolumeClaim',
  isNamespaced: true,
};

export interface ClaimName {
  readonly namespace: string;
  readonly name: string;
}

/** A claim as it is now; undefined if there is none. */
export async function readClaim(
  cluster: Pick<Cluster, 'read'>,
  claim: ClaimName,
): Promise<ClaimFacts | undefined> {
  const object = await readObject(cluster, claim);
  return object && claimFacts(object);
}

/**
 * Whether the data of a claim that was there is still to be written: `Pending` where an earlier restore could not, `Busy`
 * where another one is at it, or something has the claim in use.
 */
export async function dataOf(
  { cluster, store }: Pick<Dependencies, 'cluster' | 'store'>,
  claim: ClaimName,
  { run, signal }: { readonly run: RunReference; readonly signal: AbortSignal },
): Promise<'Settled' | 'Pending' | 'Busy'> {
  const mark = (await readObject(cluster, claim))?.metadata.annotations?.[DATA_MARK];
  const by = mark === undefined ? undefined : markedBy(mark);
  if (by === undefined) {
    return 'Settled';
  }
  if (by.runUid !== run.runUid && (await isAtWork(store, by))) {
    return 'Busy';
  }
  const { namespace, name } = claim;
  const pods = await podsWithClaim(cluster, { namespace, claim: name }, signal);
  return pods.every(({ object }) => isMountPod(object)) ? 'Pending' : 'Busy';
}

/** Takes the mark off a claim that has its data; one that is gone needs nothing. */
export async function settleClaim(
  cluster: Pick<Cluster, 'patch'>,
  { namespace, name }: ClaimName,
  signal: AbortSignal,
): Promise<void> {
  const merge = { metadata: { annotations: { [DATA_MARK]: null } } };
  await cluster.patch(CLAIM, { ...CLAIM, namespace, name }, { merge, signal });
}

/** Whether a restore has a claim of its name and no result; a location that is not known has none. */
async function isAtWork(
  store: Dependencies['store'],
  { location, name, runUid }: RunReference,
): Promise<boolean> {
  try {
    const claim = (await readRestore(store(location), name))?.claim;
    return claim?.runUid === runUid && claim.result === undefined;
  } catch (error) {
    if (error instanceof Failure && error.code === 'unknown-location') {
      return false;
    }
    throw error;
  }
}

function readObject(
  cluster: Pick<Cluster, 'read'>,
  claim: ClaimName,
): Promise<KubernetesObject | undefined> {
  return cluster.read(CLAIM, { ...CLAIM, ...claim });
}
