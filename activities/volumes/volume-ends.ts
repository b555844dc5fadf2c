import pLimit from 'p-limit';

import type { FailureReport } from '../../domain/failure.ts';
import { volumeCopyKey, volumeEndsKey, runFolder } from '../../domain/object-key.ts';
import type { PlannedVolume } from '../../domain/volumes/volume-plan.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { BatchInput, VolumeEnd } from '../volume-contract.ts';
import { readBatch, volumeOf } from './volume-batch.ts';

/** Files of volumes that are read at the same time. */
const READS_IN_FLIGHT = 8;

/** How a volume of a batch ended, with what the attempt that did it has stored. */
export type ReadEnd =
  | { readonly kind: 'done'; readonly record: unknown }
  | { readonly kind: 'failed'; readonly volume: PlannedVolume; readonly failure: FailureReport };

/** How the volumes of a batch ended. Throws `object-missing` where the batch has not ended. */
export async function readEnds(store: ObjectStore, run: BatchInput): Promise<ReadEnd[]> {
  const folder = runFolder(run);
  const [batch, ends] = await Promise.all([
    readBatch(store, run),
    // The object under this key was written by `recordVolumeEnds` of the same run.
    readJsonGz(store, volumeEndsKey(folder, run)) as Promise<readonly VolumeEnd[]>,
  ]);
  const limit = pLimit(READS_IN_FLIGHT);
  return limit.map(ends, async (end): Promise<ReadEnd> => {
    if ('failure' in end) {
      return { kind: 'failed', volume: volumeOf(batch, end.volume), failure: end.failure };
    }
    const record = await readJsonGz(store, volumeCopyKey(folder, { ...end, runUid: run.runUid }));
    return { kind: 'done', record };
  });
}
