import { shardArchiveKey, type ShardAttempt, shardIndexKey } from '../../domain/object-key.ts';
import type { ObjectStore } from '../object-store/port.ts';
import { IndexWriter } from './index-file.ts';
import { type ArchiveItem, encodeMembers } from './member-encoder.ts';

/** How many items were written so far, and how many bytes they take as they are stored. */
export type OnProgress = (items: number, bytes: number) => void;

/** What items are taken from, and where the progress goes. */
export interface ItemSource {
  readonly pages: AsyncIterable<readonly ArchiveItem[]>;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

export interface ShardSource extends ItemSource {
  readonly runFolder: string;
  readonly attempt: ShardAttempt;
}

export interface WrittenShard {
  readonly items: number;
  /** Of the shard's part of the archive, and of its part of the index. */
  readonly bytes: number;
  readonly indexBytes: number;
}

/**
 * Writes one shard: its gzip members, and its part of the index. The index is kept compressed until the shard is
 * stored, since an index without its shard says nothing.
 */
export async function writeShard(store: ObjectStore, source: ShardSource): Promise<WrittenShard> {
  const { runFolder, attempt, signal } = source;
  const index = new IndexWriter();
  const totals = { items: 0, bytes: 0 };
  const members = writeMembers(source, { index, totals });
  await store.upload(shardArchiveKey(runFolder, attempt), members, { signal });
  const indexBytes = await index.finish();
  await store.put(shardIndexKey(runFolder, attempt), indexBytes);
  return { ...totals, indexBytes: indexBytes.length };
}

/** The bytes of all members; index and totals grow as they are handed out. */
export async function* writeMembers(
  { pages, onProgress, signal }: ItemSource,
  { index, totals }: { index: IndexWriter; totals: { items: number; bytes: number } },
): AsyncGenerator<Buffer> {
  for await (const { bytes, proof, items } of encodeMembers(pages)) {
    signal.throwIfAborted();
    totals.items += items.length;
    totals.bytes += bytes.length;
    index.add(proof, items);
    onProgress(totals.items, totals.bytes);
    yield bytes;
  }
}
