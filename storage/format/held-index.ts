import type { IndexItem, MemberRange } from '../../domain/backup-index.ts';
import type { ObjectStore, ObjectVersion } from '../object-store/port.ts';
import { readMembers } from './index-file.ts';
import { type IndexedType, type IndexRun, type RunHead, runsOf } from './index-runs.ts';

/** About what a run takes beside its text, in bytes. */
const RUN_BYTES = 256;

export type AcceptsRun = (run: RunHead) => boolean;

/** The items of one backup, by runs of one type and namespace; of the others nothing is looked at but that. */
export interface BackupIndex {
  /** Changes with the index. */
  readonly version: ObjectVersion;
  /** Runs that a test accepts, in the order of the index, without those that end before a place in it. */
  runs(accepts: AcceptsRun, from: number): AsyncIterable<IndexRun> | Iterable<IndexRun>;
  /** How many items there are from a place on in runs that a test accepts; undefined where only reading tells. */
  count(accepts: AcceptsRun, from: number): number | undefined;
}

/** An index in the store, as one version of it. */
export interface StoredIndex {
  readonly key: string;
  readonly version: ObjectVersion;
}

/** An index in memory. */
export interface HeldIndex extends BackupIndex {
  readonly sizeBytes: number;
}

interface PackedRun {
  readonly type: IndexedType;
  readonly namespace: string;
  readonly member: MemberRange;
  readonly first: number;
  readonly count: number;
  /** The items as JSON: a tenth of what they take as objects. */
  readonly json: Buffer;
}

/**
 * Reads an index into memory; undefined if it takes more than the bytes allowed. Throws `archive-mismatch` when it is
 * damaged, and `precondition-failed` when it is another version by now.
 */
export async function holdIndex(
  store: ObjectStore,
  { key, version }: StoredIndex,
  bytesMax: number,
): Promise<HeldIndex | undefined> {
  const packed: PackedRun[] = [];
  let sizeBytes = 0;
  for await (const { items, ...head } of runsOf(readMembers(store, key, { version }))) {
    const json = Buffer.from(JSON.stringify(items()));
    sizeBytes += json.length + RUN_BYTES;
    if (sizeBytes > bytesMax) {
      return undefined;
    }
    packed.push({ ...head, json });
  }
  return {
    version,
    sizeBytes,
    runs: (accepts, from) => unpacked(packed, accepts, from),
    count: (accepts, from) => packed.reduce((sum, run) => sum + itemsFrom(run, accepts, from), 0),
  };
}

/** An index that is read from the store, in bounded memory, whenever its runs are asked for. */
export function streamedIndex(store: ObjectStore, { key, version }: StoredIndex): BackupIndex {
  async function* runs(accepts: AcceptsRun, from: number): AsyncGenerator<IndexRun> {
    for await (const run of runsOf(readMembers(store, key, { version }))) {
      if (itemsFrom(run, accepts, from) > 0) {
        yield run;
      }
    }
  }
  return { version, runs, count: () => undefined };
}

function* unpacked(
  packed: readonly PackedRun[],
  accepts: AcceptsRun,
  from: number,
): Generator<IndexRun> {
  for (const run of packed) {
    if (itemsFrom(run, accepts, from) > 0) {
      // This is the text that was made of items of the index.
      yield { ...run, items: () => JSON.parse(run.json.toString()) as IndexItem[] };
    }
  }
}

function itemsFrom(
  run: RunHead & Pick<IndexRun, 'first' | 'count'>,
  accepts: AcceptsRun,
  from: number,
): number {
  const items = run.first + run.count - Math.max(run.first, from);
  return items > 0 && accepts(run) ? items : 0;
}
