import type { FailureReport } from '../failure.ts';
import type { PlannedVolume } from './volume-plan.ts';

/** What a restore knows of the data that it wrote into one volume; stored with the restore. */
export interface RestoreRecord extends PlannedVolume {
  readonly node: string;
  /** The pod that it was written through. */
  readonly writtenThrough: string;
  /** Left out where the copy is of an empty volume. */
  readonly snapshotId?: string;
  readonly files: number;
  readonly bytes: number;
  /** What should be known, such as attributes of the root that could not be set. */
  readonly warnings: readonly FailureReport[];
  readonly startTimestamp: string;
  readonly completionTimestamp: string;
}

/** How the restore of one volume ended. */
export type RestoreEnd =
  | { readonly kind: 'restored'; readonly record: RestoreRecord }
  | { readonly kind: 'failed'; readonly volume: PlannedVolume; readonly failure: FailureReport };

/** What a restore did with data of volumes, in numbers. */
export interface RestoredVolumesSummary {
  readonly restored: number;
  readonly failed: number;
  readonly files: number;
  readonly bytes: number;
}
