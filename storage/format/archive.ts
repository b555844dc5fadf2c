import type { IndexLine } from '../../domain/backup-index.ts';
import { Failure } from '../../domain/failure.ts';
import { backupKeys, shardArchiveKey, shardIndexKey } from '../../domain/object-key.ts';
import type { ComposePiece, ObjectStore, WriteCondition } from '../object-store/port.ts';
import { readAll } from '../object-store/read-all.ts';
import { encodeIndex, oneBatch, readIndex } from './index-file.ts';
import {
  type ArchiveItem,
  encodeMembers,
  endMember,
  runOfArchive,
  versionMember,
} from './member-encoder.ts';
import { encodeResourceList } from './resource-list.ts';
import type { OnProgress } from './shard.ts';

/** Bytes at the beginning of an archive that tell whose it is. */
const HEAD_BYTES = 256;

export interface AssembleSource {
  readonly name: string;
  readonly runFolder: string;
  readonly runUid: string;
  readonly shards: readonly {
    readonly shard: number;
    readonly attempt: string;
    readonly bytes: number;
  }[];
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

export interface WrittenArchive {
  readonly items: number;
  readonly sizeBytes: number;
}

/**
 * Joins shards into the archive without decompressing them, and writes index and resource list. An archive that
 * an earlier attempt of the same run published is adopted: it was joined from the same shards.
 */
export async function assembleArchive(
  store: ObjectStore,
  source: AssembleSource,
): Promise<WrittenArchive> {
  const { name, runUid, signal } = source;
  const keys = backupKeys(name);
  const first = await versionMember(runUid);
  const last = await endMember();
  const pieces: ComposePiece[] = [
    { kind: 'bytes', bytes: first },
    ...source.shards.map((shard): ComposePiece => ({
      kind: 'object',
      key: shardArchiveKey(source.runFolder, { runUid, ...shard }),
      sizeBytes: shard.bytes,
    })),
    { kind: 'bytes', bytes: last },
  ];
  const shardBytes = source.shards.reduce((sum, { bytes }) => sum + bytes, 0);
  const archive = { key: keys.archive, runUid, sizeBytes: first.length + shardBytes + last.length };
  await publish(store, archive, (condition) =>
    store.compose(keys.archive, pieces, { condition, signal }),
  );
  const items = { count: 0 };
  const lines = rebased(store, source, { items, start: first.length });
  await writeListings(store, name, lines);
  return { items: items.count, sizeBytes: archive.sizeBytes };
}

export interface SmallSource {
  readonly name: string;
  readonly runUid: string;
  readonly pages: AsyncIterable<readonly ArchiveItem[]>;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/**
 * Writes archive, index and resource list of a backup that needs no shards. What an earlier attempt of the same
 * run left is overwritten, because this attempt may have met other objects; another run's archive is not.
 */
export async function writeSmallArchive(
  store: ObjectStore,
  { name, runUid, pages, onProgress, signal }: SmallSource,
): Promise<WrittenArchive> {
  const { archive: key } = backupKeys(name);
  const first = await versionMember(runUid);
  const last = await endMember();
  const lines: IndexLine[] = [];
  let sizeBytes = 0;
  async function* bytes(): AsyncGenerator<Buffer> {
    sizeBytes = first.length + last.length;
    yield first;
    for await (const member of encodeMembers(pages, first.length)) {
      lines.push(...member.lines);
      sizeBytes += member.bytes.length;
      onProgress(lines.length, sizeBytes);
      yield member.bytes;
    }
    yield last;
  }
  const earlier = await store.head(key);
  const isOurs = earlier !== undefined && (await runAt(store, key)) === runUid;
  const condition: WriteCondition = isOurs ? { version: earlier.version } : { isNew: true };
  try {
    await store.upload(key, bytes(), { condition, signal });
  } catch (error) {
    await adoptOwn(store, { key, runUid, sizeBytes }, error);
  }
  await writeListings(store, name, oneBatch(lines));
  return { items: lines.length, sizeBytes };
}

interface Published {
  readonly key: string;
  readonly runUid: string;
  readonly sizeBytes: number;
}

async function publish(
  store: ObjectStore,
  archive: Published,
  write: (condition: WriteCondition) => Promise<unknown>,
): Promise<void> {
  try {
    await write({ isNew: true });
  } catch (error) {
    await adoptOwn(store, archive, error);
  }
}

/** After a write whose condition did not hold: fine if the object is this run's and as large as it should be. */
async function adoptOwn(store: ObjectStore, archive: Published, error: unknown): Promise<void> {
  if (!(error instanceof Failure) || error.code !== 'precondition-failed') {
    throw error;
  }
  const { key, runUid, sizeBytes } = archive;
  const [owner, entry] = [await runAt(store, key), await store.head(key)];
  if (owner !== runUid || entry?.sizeBytes !== sizeBytes) {
    throw new Failure('already-exists', `${key} holds the archive of another run`, {
      subject: key,
      cause: error,
    });
  }
}

async function runAt(store: ObjectStore, key: string): Promise<string | undefined> {
  const entry = await store.head(key);
  const length = Math.min(HEAD_BYTES, entry?.sizeBytes ?? 0);
  return length === 0
    ? undefined
    : runOfArchive(await readAll(store, key, { range: { offset: 0, length } }));
}

/** The lines of all shards, with offsets that count from the archive's start. */
async function* rebased(
  store: ObjectStore,
  source: AssembleSource,
  state: { readonly items: { count: number }; readonly start: number },
): AsyncGenerator<IndexLine[]> {
  let base = state.start;
  for (const shard of source.shards) {
    const key = shardIndexKey(source.runFolder, { runUid: source.runUid, ...shard });
    for await (const lines of readIndex(store, key, { signal: source.signal })) {
      state.items.count += lines.length;
      source.onProgress(state.items.count, base);
      yield lines.map((line) => ({
        ...line,
        member: { ...line.member, offset: line.member.offset + base },
      }));
    }
    base += shard.bytes;
  }
}

/** Writes index and resource list in one pass over the lines; both are gathered in their compressed form. */
async function writeListings(
  store: ObjectStore,
  name: string,
  lines: AsyncIterable<readonly IndexLine[]>,
): Promise<void> {
  const keys = backupKeys(name);
  const index: Buffer[] = [];
  const list: Buffer[] = [];
  // One pass feeds both encoders: the first asks for a batch, and hands it on to the second.
  async function* listLines(): AsyncGenerator<readonly IndexLine[]> {
    for await (const batch of lines) {
      index.push(...(await Array.fromAsync(encodeIndex(oneBatch(batch)))));
      yield batch;
    }
  }
  for await (const chunk of encodeResourceList(listLines())) {
    list.push(chunk);
  }
  await Promise.all([
    store.put(keys.index, Buffer.concat(index)),
    store.put(keys.resourceList, Buffer.concat(list)),
  ]);
}
