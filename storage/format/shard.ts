import type { IndexLine } from '../../domain/backup-index.ts';
import { shardArchiveKey, type ShardAttempt, shardIndexKey } from '../../domain/object-key.ts';
import type { ObjectStore } from '../object-store/port.ts';
import { encodeIndex, oneBatch } from './index-file.ts';
import { type ArchiveItem, encodeMembers } from './member-encoder.ts';

/** How many items were written so far, and how many bytes they take as they are stored. */
export type OnProgress = (items: number, bytes: number) => void;

export interface ShardSource {
  readonly runFolder: string;
  readonly attempt: ShardAttempt;
  readonly pages: AsyncIterable<readonly ArchiveItem[]>;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/**
 * Writes one shard: its gzip members, and its part of the index with offsets that count from the shard's start.
 * The index is kept compressed until the shard is stored, since an index without its shard says nothing.
 */
export async function writeShard(
  store: ObjectStore,
  source: ShardSource,
): Promise<{ items: number; bytes: number }> {
  const { runFolder, attempt, signal } = source;
  const totals = { items: 0, bytes: 0 };
  const lines: IndexLine[] = [];
  const index: Buffer[] = [];
  async function* members(): AsyncGenerator<Buffer> {
    for await (const member of encodeMembers(source.pages)) {
      signal.throwIfAborted();
      totals.items += member.lines.length;
      totals.bytes += member.bytes.length;
      lines.push(...member.lines);
      if (lines.length >= INDEX_LINES) {
        index.push(...(await compressed(lines.splice(0))));
      }
      source.onProgress(totals.items, totals.bytes);
      yield member.bytes;
    }
  }
  await store.upload(shardArchiveKey(runFolder, attempt), members(), { signal });
  index.push(...(await compressed(lines)));
  await store.put(shardIndexKey(runFolder, attempt), Buffer.concat(index));
  return totals;
}

/** Lines that are gathered before they are compressed. */
const INDEX_LINES = 1000;

function compressed(lines: readonly IndexLine[]): Promise<Buffer[]> {
  return Array.fromAsync(encodeIndex(oneBatch(lines)));
}
