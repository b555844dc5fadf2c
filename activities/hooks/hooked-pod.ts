import { Failure } from '../../domain/failure.ts';
import type { CopyBatch, HookedPod } from '../../domain/volumes/volume-plan.ts';
import type { Dependencies } from '../dependencies.ts';
import type { HookedPodInput } from '../hook-contract.ts';
import { readBatch } from '../volumes/volume-batch.ts';

/** A pod with hooks of a batch, by its number. */
export async function hookedPodOf(
  { store }: Pick<Dependencies, 'store'>,
  input: HookedPodInput,
): Promise<HookedPod> {
  // The batch of a backup was stored by `planVolumes`.
  const { pods = [] } = (await readBatch(store(input.location), input)) as CopyBatch;
  const hooked = pods[input.pod];
  if (hooked === undefined) {
    throw new Failure('internal', `the batch has no pod ${String(input.pod)} with hooks`);
  }
  return hooked;
}
