import { Failure } from '../../domain/failure.ts';
import { runFolder, volumeBatchKey } from '../../domain/object-key.ts';
import type { PlannedVolume, VolumeBatch } from '../../domain/volumes/volume-plan.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { BatchInput } from '../volume-contract.ts';

/** The batch of volumes that the plan of a run stored. Throws `object-missing`. */
export async function readBatch(store: ObjectStore, run: BatchInput): Promise<VolumeBatch> {
  const key = volumeBatchKey(runFolder(run), run);
  // The object under this key was written by the plan of the same run.
  return (await readJsonGz(store, key)) as VolumeBatch;
}

/** A volume of a batch, by its number. */
export function volumeOf<Volume extends PlannedVolume>(
  { volumes }: VolumeBatch<Volume>,
  index: number,
): Volume {
  const volume = volumes.find((one) => one.index === index);
  if (volume === undefined) {
    throw new Failure('internal', `the batch has no volume ${String(index)}`);
  }
  return volume;
}
