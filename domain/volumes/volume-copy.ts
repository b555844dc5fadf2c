/** What a volume engine says about the copy of one volume, in words that workflows and records share. */

/** What a copy is called in the repository; all of it can be read without the catalogue. */
export interface VolumeLabels {
  readonly clusterUid: string;
  readonly namespace: string;
  /** Name of the claim, or `<pod>.<volume>` for a volume of a pod's own. */
  readonly volume: string;
  /** Uid of the claim, or what else stays the same as long as the volume is the same. */
  readonly volumeUid: string;
  readonly runUid: string;
  readonly backup: string;
  /** Number of the volume in its run. */
  readonly part: number;
  /** Epoch of the lease under which the copy is made, and which look at the volume it is: `12.0`. */
  readonly epoch: string;
}

/** A file or folder that an engine could not copy or restore. */
export interface ItemError {
  /** Path within the volume. */
  readonly path: string;
  readonly reason: string;
}

/** Errors of a copy: all are counted, the first are named. */
export interface ItemErrors {
  readonly errorCount: number;
  readonly errors: readonly ItemError[];
}

/** What belongs to the root directory of a volume, which is in no engine's snapshot. */
export interface RootAttributes {
  /** Permission bits, those of set-user-id and the like too. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970 with nanoseconds, as a decimal number. */
  readonly mtime: string;
  /** Extended attributes, access control lists among them, by name; values in base64. */
  readonly xattrs: Readonly<Record<string, string>>;
}

/** A snapshot and its numbers. */
export interface SnapshotFacts {
  /** 64 hexadecimal digits. */
  readonly snapshotId: string;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Regular files; each name of a file counts. */
  readonly files: number;
  /** Apparent size of these files. */
  readonly bytes: number;
  /** Files that differ from the parent snapshot, or are not in it. */
  readonly filesChanged: number;
  /** Blobs that were not in the repository before, of files and of directories. */
  readonly blobsAdded: number;
  readonly addedBytes: number;
  /** What the added bytes take in the repository, compressed. */
  readonly storedBytes: number;
}

/** The earlier snapshot of the same volume that a copy was compared with. */
export type ParentFacts = Pick<SnapshotFacts, 'snapshotId' | 'files' | 'bytes'>;

/** What became of the data of a volume that is restored. */
export interface VolumeRestore extends ItemErrors {
  /** `Incomplete` names what is not as it was; everything else is. */
  readonly outcome: 'Complete' | 'Incomplete';
  readonly bytes: number;
  /** Whether the repository could not give back all that was stored. */
  readonly isDamaged: boolean;
  /** What the file system did not take of the root: `mode`, `uid`, `gid`, `mtime` or names of extended attributes. */
  readonly rootDifferences: readonly string[];
}

/** The copy of one volume. */
export type VolumeCopy = EmptyCopy | StoredCopy;

/** Nothing is in the volume, so there is no snapshot; its restore is an empty volume. */
interface EmptyCopy {
  readonly outcome: 'Empty';
  readonly parent?: ParentFacts;
  readonly root: RootAttributes;
}

export interface StoredCopy extends ItemErrors {
  /** `Incomplete` names what could not be read; the rest is in the snapshot. */
  readonly outcome: 'Complete' | 'Incomplete';
  readonly snapshot: SnapshotFacts;
  /** Left out where the volume has no earlier snapshot. */
  readonly parent?: ParentFacts;
  /** Whether an earlier attempt made the snapshot; what that one could not read is not known. */
  readonly isAdopted: boolean;
  readonly root: RootAttributes;
  readonly engine: { readonly kind: string; readonly version: string };
}
