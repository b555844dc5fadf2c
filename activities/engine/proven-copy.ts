import {
  compareCounts,
  type CopyEvidence,
  type CopyProof,
  proofOf,
  type ReadBackExtent,
  type WalkCounts,
  withUnknownErrors,
} from '../../domain/volumes/proof.ts';
import type { SnapshotFacts, VolumeCopy } from '../../domain/volumes/volume-copy.ts';
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
  const counted = await lookAtCounts(copy, await beside, (from) =>
    walkVolume(root, { signal, since: from ?? since }),
  );
  const proof = proofOf(counted.copy, counted);
  if (!request.isReadBack) {
    return { copy: counted.copy, proof };
  }
  const readBack = await readBackOf(engine, { request, copy, run });
  return { copy: counted.copy, proof: proofOf(counted.copy, { ...counted, readBack }) };
}

/** A copy with what its counts say, after another walk where one is needed. */
async function lookAtCounts(
  copy: VolumeCopy,
  beside: WalkCounts,
  walkAgain: (since: Date | undefined) => Promise<WalkCounts>,
): Promise<CopyEvidence & { readonly copy: VolumeCopy }> {
  const verdict = compareCounts(copy, beside);
  if (verdict !== 'LookAgain') {
    return { copy, verdict, walk: beside };
  }
  const after = await walkAgain(adoptedSince(copy));
  const settled = withUnknownErrors(copy, after);
  return { copy: settled, verdict: compareCounts(settled, beside, after), walk: after };
}

/** When an adopted snapshot was begun by an earlier attempt. */
function adoptedSince(copy: VolumeCopy): Date | undefined {
  return copy.outcome !== 'Empty' && copy.isAdopted ? new Date(copy.snapshot.startedAt) : undefined;
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
    showingCopy(run, snapshot),
  );
}

/** The engine does not tell how far reading back is; meanwhile the size of what was copied stays to be seen. */
function showingCopy(run: EngineRun, { files, bytes }: SnapshotFacts): EngineRun {
  const { onProgress } = run;
  if (onProgress === undefined) {
    return run;
  }
  const size = { filesDone: files, filesTotal: files, bytesDone: bytes, bytesTotal: bytes };
  return {
    ...run,
    onProgress: (progress) => {
      onProgress({ ...progress, ...size });
    },
  };
}
