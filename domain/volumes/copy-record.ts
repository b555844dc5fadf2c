import type { Placement } from './placement.ts';
import type { CopyProof } from './proof.ts';
import type { VolumeCopy } from './volume-copy.ts';
import type { PlannedVolume } from './volume-plan.ts';

/** What is known of the copy of one volume; stored with the backup, which is restored from it. */
export interface CopyRecord extends PlannedVolume {
  readonly node: string;
  /** The pod that it was read through. */
  readonly readThrough: string;
  /** The cluster whose repository it is in, by the uid of its namespace `kube-system`. */
  readonly clusterUid: string;
  /** Path of the repository below the prefix of the location. */
  readonly repository: string;
  /** Of the pod that it was read through; left out where that may run anywhere, or is one of Holdfast's own. */
  readonly placement?: Placement;
  /** Whether the pod was as its pre hooks made it until the copy ended; left out without such hooks. */
  readonly isHeld?: boolean;
  readonly copy: VolumeCopy;
  readonly proof: CopyProof;
  readonly startTimestamp: string;
  readonly completionTimestamp: string;
}

/** Regular files of a copy, each name counted, and their sizes together, holes as well. */
export function sizeOfCopy({ copy }: Pick<CopyRecord, 'copy'>): {
  readonly files: number;
  readonly bytes: number;
} {
  const { files, bytes } = copy.outcome === 'Empty' ? { files: 0, bytes: 0 } : copy.snapshot;
  return { files, bytes };
}
