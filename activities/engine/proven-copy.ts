import {
  compareCounts,
  type CopyProof,
  proofOf,
  type ReadBackExtent,
} from '../../domain/volumes/proof.ts';
import type { VolumeCopy } from '../../domain/volumes/volume-copy.ts';
import type { BackupRequest, EngineRun, VolumeEngine } from './port.ts';
import { walkVolume } from './walk.ts';

export interface ProvenCopyRequest extends BackupRequest {
  /** Whether what is stored is read back too. */
  readonly isReadBack: boolean;
}

/** A copy, and what proves it. */
export interface ProvenCopy {
  readonly copy: VolumeCopy;
  readonly proof: CopyProof;
}

/**
 * Copies a volume, counts it by a walk of our own meanwhile, and reads back what is stored. Throws what the engine
 * throws, and `copy-mismatch` when the walk contradicts the copy. Done again it gives the same snapshot.
 */
export async function makeProvenCopy(
  engine: VolumeEngine,
  request: ProvenCopyRequest,
  run: EngineRun,
): Promise<ProvenCopy> {
  const { root } = request;
  const since = new Date();
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const beside = walkVolume(root, { signal, since });
  // Whatever becomes of it is looked at after the copy.
  beside.catch(() => undefined);
  let copy: VolumeCopy;
  try {
    copy = await engine.backup(request, run);
  } catch (error) {
    stop.abort();
    throw error;
  }
  let walk = await beside;
  let verdict = compareCounts(copy, walk);
  if (verdict === 'LookAgain') {
    const after = await walkVolume(root, { signal, since: beginOf(copy, since) });
    verdict = compareCounts(copy, walk, after);
    walk = after;
  }
  const proof = proofOf(copy, { verdict, walk });
  if (!request.isReadBack) {
    return { copy, proof };
  }
  const readBack = await readBackOf(engine, { request, copy, run });
  return { copy, proof: proofOf(copy, { verdict, walk, readBack }) };
}

/** When the copy began; that of an adopted snapshot was made by an earlier attempt. */
function beginOf(copy: VolumeCopy, since: Date): Date {
  return copy.outcome !== 'Empty' && copy.isAdopted ? new Date(copy.snapshot.startedAt) : since;
}

async function readBackOf(
  engine: VolumeEngine,
  what: { request: ProvenCopyRequest; copy: VolumeCopy; run: EngineRun },
): Promise<ReadBackExtent> {
  const { request, copy, run } = what;
  if (copy.outcome === 'Empty') {
    // Nothing is stored, so all of it was read back.
    return 'All';
  }
  const { snapshot, parent } = copy;
  const { repository } = request;
  return engine.readBack(
    { repository, snapshot, ...(parent === undefined ? {} : { parent }) },
    run,
  );
}
