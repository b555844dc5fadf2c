import { Failure } from '../../domain/failure.ts';
import { backupFolder, replacedPodKey } from '../../domain/object-key.ts';
import type { CopyBatch, HookedPod } from '../../domain/volumes/volume-plan.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { Dependencies } from '../dependencies.ts';
import type { HookedPodInput } from '../hook-contract.ts';
import type { LocatedPod } from '../volume-contract.ts';
import { readBatch } from '../volumes/volume-batch.ts';

/** A pod with hooks of a batch, by its number, or the one that took its place. */
export async function hookedPodOf(
  { store }: Pick<Dependencies, 'store'>,
  input: HookedPodInput,
): Promise<HookedPod> {
  if (input.isAgain === true) {
    const key = replacedPodKey(backupFolder(input.name), input);
    // The object under this key was written by `replanPod` of the same run.
    return (await readJsonGz(store(input.location), key)) as HookedPod;
  }
  // The batch of a backup was stored by `planVolumes`.
  const { pods = [] } = (await readBatch(store(input.location), input)) as CopyBatch;
  const hooked = pods[input.pod];
  if (hooked === undefined) {
    throw new Failure('internal', `the batch has no pod ${String(input.pod)} with hooks`);
  }
  return hooked;
}

/** What the workflow is told of a pod with hooks. */
export function locatedPod(
  { pod: { namespace, name, uid }, pre, post, volumes, thawAfterMs }: HookedPod,
  pod: number,
): LocatedPod {
  return {
    ...{ pod, uid, name: `${namespace}/${name}`, volumes },
    ...(pre.length > 0 && post.length > 0 ? { thawAfterMs } : {}),
  };
}
