import type { IndexLine } from '../../domain/backup-index.ts';
import { itemText } from '../../domain/item.ts';
import {
  parseShardItemsKey,
  restoreFolder,
  shardItemsKey,
  workFolder,
} from '../../domain/object-key.ts';
import { restoreShardItems } from '../../domain/restore/restore-plan.ts';
import { encodeIndex, oneBatch, readIndex } from '../../storage/format/index-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { RestoreRun } from '../contract.ts';
import type { PlannedShards } from '../plugin-run-contract.ts';

/** A line that a restore applies, and the position of its wave. */
export interface PlacedLine {
  readonly line: IndexLine;
  readonly wave: number;
}

interface WrittenShards {
  readonly attempt: string;
  /** The number of the first shard. */
  readonly first: number;
  readonly lines: readonly PlacedLine[];
  readonly signal: AbortSignal;
}

/** A shard, and the position of its wave. */
interface WrittenShard {
  readonly shard: number;
  readonly wave: number;
}

/** Writes lines as shards that are applied in the order of their numbers, each of one wave; gives these. */
export async function writeShards(
  store: ObjectStore,
  { name, runUid }: RestoreRun,
  { attempt, first, lines, signal }: WrittenShards,
): Promise<WrittenShard[]> {
  const parts = partsOf(lines);
  for (const [index, part] of parts.entries()) {
    const key = shardItemsKey(restoreFolder(name), { runUid, shard: first + index, attempt });
    await store.upload(key, encodeIndex(oneBatch(part.lines)), { signal });
  }
  return parts.map(({ wave }, index) => ({ shard: first + index, wave }));
}

interface Part {
  readonly wave: number;
  readonly lines: IndexLine[];
}

function partsOf(lines: readonly PlacedLine[]): Part[] {
  const sorted = [...lines].sort(
    (left, right) =>
      left.wave - right.wave ||
      left.line.member.offset - right.line.member.offset ||
      left.line.bodyOffset - right.line.bodyOffset,
  );
  const most = restoreShardItems(lines.length);
  const parts: Part[] = [];
  for (const { line, wave } of sorted) {
    const last = parts.at(-1);
    if (last === undefined || wave !== last.wave || last.lines.length >= most) {
      parts.push({ wave, lines: [line] });
    } else {
      last.lines.push(line);
    }
  }
  return parts;
}

/** The shards of a plan. */
export async function shardsOfPlan(
  store: ObjectStore,
  { name, runUid }: RestoreRun,
  planAttempt: string,
): Promise<PlannedShards> {
  const shards: number[] = [];
  for await (const page of store.list(workFolder(restoreFolder(name), runUid))) {
    for (const { key } of page) {
      const found = parseShardItemsKey(key);
      shards.push(...(found?.attempt === planAttempt ? [found.shard] : []));
    }
  }
  return { planAttempt, shards };
}

/** The lines of some shards. */
export async function* linesOf(
  store: ObjectStore,
  { name, runUid }: RestoreRun,
  { parts, signal }: { readonly parts: readonly PlannedShards[]; readonly signal: AbortSignal },
): AsyncGenerator<readonly IndexLine[]> {
  for (const { planAttempt: attempt, shards } of parts) {
    for (const shard of shards) {
      const key = shardItemsKey(restoreFolder(name), { runUid, shard, attempt });
      yield* readIndex(store, key, { signal });
    }
  }
}

/** Which of some items, as `itemText` names them, are among lines. */
export async function heldAmong(
  lines: AsyncIterable<readonly IndexLine[]>,
  items: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  if (items.size === 0) {
    return held;
  }
  for await (const batch of lines) {
    for (const text of batch.map(itemText)) {
      if (items.has(text)) {
        held.add(text);
      }
    }
  }
  return held;
}
