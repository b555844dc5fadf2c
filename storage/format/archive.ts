import { hash } from 'node:crypto';

import { Failure } from '../../domain/failure.ts';
import { backupKeys, shardArchiveKey, shardIndexKey } from '../../domain/object-key.ts';
import type { ComposePiece, ObjectStore, WriteCondition } from '../object-store/port.ts';
import { readAll } from '../object-store/read-all.ts';
import { IndexWriter } from './index-file.ts';
import { endMember, runOfArchive, VERSION_TAR_BYTES, versionMember } from './member-encoder.ts';
import { type ItemSource, writeMembers, type WrittenShard } from './shard.ts';

/** Bytes at the beginning of an archive that tell whose it is. */
const HEAD_BYTES = 256;

export interface AssembleSource {
  readonly name: string;
  readonly runFolder: string;
  readonly runUid: string;
  readonly shards: readonly (WrittenShard & {
    readonly shard: number;
    readonly attempt: string;
  })[];
  readonly signal: AbortSignal;
}

export interface WrittenArchive {
  readonly items: number;
  readonly sizeBytes: number;
}

/**
 * Joins shards into archive and index without decompressing either. An archive that an earlier attempt of the same
 * run published is adopted: it was joined from the same shards, and so is its index.
 */
export async function assembleArchive(
  store: ObjectStore,
  source: AssembleSource,
): Promise<WrittenArchive> {
  const { name, runUid, runFolder, shards, signal } = source;
  const keys = backupKeys(name);
  const { first, last, indexHead } = await archiveEnds(runUid);
  const archive: Piece[] = [
    bytesPiece(first),
    ...shards.map((shard) =>
      objectPiece(shardArchiveKey(runFolder, { runUid, ...shard }), shard.bytes),
    ),
    bytesPiece(last),
  ];
  const index: Piece[] = [
    bytesPiece(indexHead),
    ...shards.map((shard) =>
      objectPiece(shardIndexKey(runFolder, { runUid, ...shard }), shard.indexBytes),
    ),
  ];
  const sizeBytes = archive.reduce((sum, piece) => sum + piece.sizeBytes, 0);
  await Promise.all([
    publish(store, { key: keys.archive, runUid, sizeBytes }, (condition) =>
      store.compose(keys.archive, archive, { condition, signal }),
    ),
    store.compose(keys.index, index, { signal }),
  ]);
  return { items: shards.reduce((sum, { items }) => sum + items, 0), sizeBytes };
}

export interface SmallSource extends ItemSource {
  readonly name: string;
  readonly runUid: string;
}

/**
 * Writes archive and index of a backup that needs no shards. What an earlier attempt of the same run left is
 * overwritten, because this attempt may have met other objects. Throws `already-exists` for another run's archive,
 * and `location-unreachable`, which is worth another attempt, when another attempt writes at the same time.
 */
export async function writeSmallArchive(
  store: ObjectStore,
  source: SmallSource,
): Promise<WrittenArchive> {
  const { name, runUid, signal } = source;
  const keys = backupKeys(name);
  // What is there is looked at before the objects are: whoever writes later than that makes the write below fail.
  const [archiveCondition, indexCondition] = await Promise.all([
    ownCondition(store, keys.archive, runUid),
    presentCondition(store, keys.index),
  ]);
  const { first, last, indexHead } = await archiveEnds(runUid);
  const index = new IndexWriter();
  const totals = { items: 0, bytes: first.length + last.length };
  async function* bytes(): AsyncGenerator<Buffer> {
    yield first;
    yield* writeMembers(source, { index, totals });
    yield last;
  }
  try {
    await store.upload(keys.archive, bytes(), { condition: archiveCondition, signal });
    const indexBytes = Buffer.concat([indexHead, await index.finish()]);
    await store.put(keys.index, indexBytes, indexCondition);
  } catch (error) {
    if (error instanceof Failure && error.code === 'precondition-failed') {
      const text = `another attempt writes ${error.subject ?? keys.archive} at the same time`;
      throw new Failure('location-unreachable', text, { subject: keys.archive, cause: error });
    }
    throw error;
  }
  return { items: totals.items, sizeBytes: totals.bytes };
}

interface ArchiveEnds {
  readonly first: Buffer;
  readonly last: Buffer;
  /** What an index says of the first member, so that its lines count from the archive's start. */
  readonly indexHead: Buffer;
}

/** What every archive of a run begins and ends with. */
async function archiveEnds(runUid: string): Promise<ArchiveEnds> {
  const [first, last] = await Promise.all([versionMember(runUid), endMember()]);
  const index = new IndexWriter();
  index.add(
    { length: first.length, sizeBytes: VERSION_TAR_BYTES, sha256: hash('sha256', first, 'hex') },
    [],
  );
  return { first, last, indexHead: await index.finish() };
}

type Piece = ComposePiece & { readonly sizeBytes: number };

function bytesPiece(bytes: Buffer): Piece {
  return { kind: 'bytes', bytes, sizeBytes: bytes.length };
}

function objectPiece(key: string, sizeBytes: number): Piece {
  return { kind: 'object', key, sizeBytes };
}

/** The condition under which an archive may be written: it is new, or this run's own as it is now. */
async function ownCondition(
  store: ObjectStore,
  key: string,
  runUid: string,
): Promise<WriteCondition> {
  const entry = await store.head(key);
  if (entry === undefined) {
    return { isNew: true };
  }
  if ((await runAt(store, key)) !== runUid) {
    throw takenBy(key);
  }
  return { version: entry.version };
}

async function presentCondition(store: ObjectStore, key: string): Promise<WriteCondition> {
  const entry = await store.head(key);
  return entry === undefined ? { isNew: true } : { version: entry.version };
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
    throw takenBy(key, error);
  }
}

async function runAt(store: ObjectStore, key: string): Promise<string | undefined> {
  const entry = await store.head(key);
  const length = Math.min(HEAD_BYTES, entry?.sizeBytes ?? 0);
  return length === 0
    ? undefined
    : runOfArchive(await readAll(store, key, { range: { offset: 0, length } }));
}

function takenBy(key: string, cause?: unknown): Failure {
  const text = `${key} holds the archive of another run`;
  return new Failure('already-exists', text, { subject: key, cause });
}
