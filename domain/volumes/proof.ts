import { Failure } from '../failure.ts';
import type { ParentFacts, VolumeCopy } from './volume-copy.ts';

/** How far a copy is proven: the engine's own word, counts of an own walk, or stored data read back as well. */
type ProofLevel = 'Engine' | 'Counts' | 'ReadBack';

/** What a walk of our own saw in a volume. */
export interface WalkCounts {
  /** Regular files; each name of a file counts. */
  readonly files: number;
  /** Apparent size of these files. */
  readonly bytes: number;
  /** Of both, what did not change since the copy began. */
  readonly stableFiles: number;
  readonly stableBytes: number;
  /** Entries of any kind that changed since then. */
  readonly changed: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly sockets: number;
  /** Devices and named pipes. */
  readonly others: number;
  /** Directories where another file system is mounted, which no copy holds. */
  readonly mounts: number;
  /** Entries that were gone before they could be looked at. */
  readonly vanished: number;
  readonly unreadable: number;
}

/** How much of what is stored was read back: all of it, a sample, or nothing because nothing in it is new. */
export type ReadBackExtent = 'All' | 'Sample' | 'Unchanged';

/** The proof of a copy, as the record of the backup holds it. */
export interface CopyProof {
  readonly level: ProofLevel;
  /** `Live` where the volume changed while it was copied, and counts agree but for that. */
  readonly counts: 'Equal' | 'Live' | 'Incomplete';
  readonly walkedFiles: number;
  readonly walkedBytes: number;
  /** File systems that are mounted within the volume, and not copied. */
  readonly mountsLeftOut: number;
  readonly readBack?: ReadBackExtent;
  /** Whether it lost more than nine tenths since the copy before: nobody may have meant that. */
  readonly hasShrunk: boolean;
}

/** What counts of a copy and of a walk say about each other. */
export type CountVerdict = CopyProof['counts'] | 'LookAgain' | 'Mismatch';

/** A volume smaller than this in its last copy may shrink as it likes. */
const SHRINK_FILES_MIN = 10;
const SHRINK_BYTES_MIN = 1024 * 1024;
const SHRUNK_TO = 0.1;

/**
 * Compares what was copied with a walk beside the copy and, where these differ, with another one after it (`LookAgain`
 * asks for that one). Without a change since the copy began both must agree exactly; with changes, the copy must hold at
 * least what did not change.
 */
export function compareCounts(
  copy: VolumeCopy,
  beside: WalkCounts,
  after?: WalkCounts,
): CountVerdict {
  const counts = countsOf(copy);
  const isWhole = copy.outcome !== 'Incomplete';
  if (agrees(counts, beside)) {
    return isWhole ? 'Equal' : 'Incomplete';
  }
  if (after === undefined) {
    return 'LookAgain';
  }
  if (counts.files === 0 && after.files > 0) {
    return 'Mismatch';
  }
  if (!isWhole) {
    return 'Incomplete';
  }
  return agrees(counts, after) || isExplained(counts, after) ? 'Live' : 'Mismatch';
}

/** Files and bytes of a copy or of a walk. */
type Counts = Pick<WalkCounts, 'files' | 'bytes'>;

function agrees(counts: Counts, walk: Counts): boolean {
  return walk.files === counts.files && walk.bytes === counts.bytes;
}

function isExplained({ files, bytes }: Counts, after: WalkCounts): boolean {
  const isLive = after.changed > 0 || after.vanished > 0;
  return isLive && files >= after.stableFiles && bytes >= after.stableBytes;
}

/**
 * A copy with what is not known of it: an adopted one that lacks files which did not change is one that an earlier
 * attempt could not read whole, and died before it could say so.
 */
export function withUnknownErrors(copy: VolumeCopy, after: WalkCounts): VolumeCopy {
  if (copy.outcome === 'Empty' || !copy.isAdopted || copy.snapshot.files === 0) {
    return copy;
  }
  const missing = after.stableFiles - copy.snapshot.files;
  const errorCount = Math.max(copy.errorCount, missing);
  return missing > 0 ? { ...copy, outcome: 'Incomplete', errorCount } : copy;
}

/** What proves a copy. */
export interface CopyEvidence {
  readonly verdict: CountVerdict;
  readonly walk: WalkCounts;
  readonly readBack?: ReadBackExtent;
}

/** The proof of a copy. Throws `copy-mismatch` when the counts contradict it. */
export function proofOf(copy: VolumeCopy, { verdict, walk, readBack }: CopyEvidence): CopyProof {
  if (verdict === 'Mismatch' || verdict === 'LookAgain') {
    const { files, bytes } = countsOf(copy);
    throw new Failure(
      'copy-mismatch',
      `the copy holds ${sized(files, bytes)}, and the volume ${sized(walk.files, walk.bytes)}`,
    );
  }
  return {
    level: levelOf(verdict, readBack),
    counts: verdict,
    walkedFiles: walk.files,
    walkedBytes: walk.bytes,
    mountsLeftOut: walk.mounts,
    hasShrunk: hasShrunk(countsOf(copy), copy.parent),
    ...(readBack === undefined ? {} : { readBack }),
  };
}

function levelOf(counts: CopyProof['counts'], readBack: ReadBackExtent | undefined): ProofLevel {
  if (counts === 'Incomplete') {
    return 'Engine';
  }
  return readBack === undefined ? 'Counts' : 'ReadBack';
}

function hasShrunk(now: Counts, parent: ParentFacts | undefined): boolean {
  if (parent === undefined) {
    return false;
  }
  const lostFiles = parent.files >= SHRINK_FILES_MIN && now.files < parent.files * SHRUNK_TO;
  const lostBytes = parent.bytes >= SHRINK_BYTES_MIN && now.bytes < parent.bytes * SHRUNK_TO;
  return lostFiles || lostBytes;
}

function countsOf(copy: VolumeCopy): Counts {
  return copy.outcome === 'Empty' ? { files: 0, bytes: 0 } : copy.snapshot;
}

function sized(files: number, bytes: number): string {
  return `${String(files)} files of ${String(bytes)} bytes`;
}
