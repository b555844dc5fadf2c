import { createHash, hash, type Hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import {
  entryName,
  otherVersionEntryName,
  preferredEntryName,
} from '../../domain/archive-layout.ts';
import type { IndexItem } from '../../domain/backup-index.ts';
import { Failure } from '../../domain/failure.ts';
import { groupResource, itemText } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { ArchiveProof } from '../../domain/stored-run.ts';
import type { ObjectStore } from '../object-store/port.ts';
import { ByteReader } from './byte-reader.ts';
import { type IndexedMember, readMembers } from './index-file.ts';
import { endMember, versionMember } from './member-encoder.ts';
import { ResourceListWriter } from './resource-list.ts';
import type { OnProgress } from './shard.ts';
import { type Body, bodyEnd, entryAt } from './tar.ts';

const decompress = promisify(gunzip);

/** Members that are decompressed at the same time. */
const MEMBERS_IN_FLIGHT = 4;

export interface VerifySource {
  readonly name: string;
  readonly runUid: string;
  /** How many items the archive must hold. */
  readonly items: number;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

export interface VerifiedArchive {
  readonly proof: ArchiveProof;
  /** How many items of each type were read back, by `resource.group` and version: `deployments.apps v1`. */
  readonly itemsByType: ReadonlyMap<string, number>;
}

/**
 * Reads the whole archive again, beside its index, and compares: every byte, every header, both copies of every
 * object. Writes the resource list of what it found. Throws `archive-mismatch` with the archive's key as subject,
 * or `object-missing`.
 */
export async function verifyArchive(
  store: ObjectStore,
  source: VerifySource,
): Promise<VerifiedArchive> {
  const keys = backupKeys(source.name);
  const options = { signal: source.signal };
  const stored = await store.get(keys.archive, options);
  const whole = createHash('sha256');
  const reader = new ByteReader(hashed(stored.body, whole), keys.archive);
  const totals = { items: 0, itemBytes: 0 };
  const list = new ResourceListWriter();
  const itemsByType = new Map<string, number>();
  const checks: Promise<void>[] = [];
  for await (const indexed of readMembers(store, keys.index, options)) {
    const compressed = await takeMember(reader, indexed);
    if (reader.position === compressed.length) {
      requireBytes(reader, compressed, await versionMember(source.runUid));
      continue;
    }
    checks.push(checkMember(compressed, indexed, keys.archive));
    if (checks.length >= MEMBERS_IN_FLIGHT) {
      await checks.shift();
    }
    list.add(indexed.items);
    for (const item of indexed.items) {
      const type = `${groupResource(item)} ${item.version}`;
      itemsByType.set(type, (itemsByType.get(type) ?? 0) + 1);
    }
    totals.items += indexed.items.length;
    totals.itemBytes += indexed.items.reduce((sum, { bodyLength }) => sum + bodyLength, 0);
    source.onProgress(totals.items, reader.position);
  }
  await Promise.all(checks);
  const last = await endMember();
  requireBytes(reader, await reader.take(last.length), last);
  if (!(await reader.isAtEnd()) || totals.items !== source.items) {
    throw mismatch(keys.archive, `holds ${String(totals.items)} of ${String(source.items)} items`);
  }
  await store.put(keys.resourceList, await list.finish());
  const proof: ArchiveProof = {
    sha256: whole.digest('hex'),
    sizeBytes: reader.position,
    ...totals,
    verification: 'read-back',
  };
  return { proof, itemsByType };
}

async function takeMember(reader: ByteReader, { member, items }: IndexedMember): Promise<Buffer> {
  const compressed = await reader.take(member.length);
  if (hash('sha256', compressed, 'hex') !== member.sha256) {
    const [first] = items;
    const place = first === undefined ? 'its beginning' : itemText(first);
    throw mismatch(reader.key, `is damaged at ${place} or near it`);
  }
  return compressed;
}

/** A failure is kept for its turn: nobody waits for the checks that are still under way when one has failed. */
function checkMember(compressed: Buffer, indexed: IndexedMember, key: string): Promise<void> {
  const check = compareMember(compressed, indexed, key);
  check.catch(() => undefined);
  return check;
}

async function compareMember(
  compressed: Buffer,
  { member, items }: IndexedMember,
  key: string,
): Promise<void> {
  // One piece of the right size, and not many small ones that are joined.
  const chunkSize = Math.max(CHUNK_BYTES_MIN, member.sizeBytes);
  const tar = await decompress(compressed, { chunkSize }).catch((cause: unknown) => {
    throw mismatch(key, 'cannot be decompressed', cause);
  });
  let offset = 0;
  for (const item of items) {
    const end = endOfCopies(tar, offset, item);
    if (end === undefined) {
      throw mismatch(key, `does not hold ${itemText(item)} as it was written`);
    }
    offset = end;
  }
  if (offset !== tar.length || tar.length !== member.sizeBytes) {
    throw mismatch(key, 'holds more than its index says');
  }
}

/**
 * The position behind the copies of an item; undefined if they are not what the index says. The first body is hashed
 * and the second compared with it, which is the faster of the two.
 */
function endOfCopies(tar: Buffer, offset: number, item: IndexItem): number | undefined {
  const isAlone = item.isOtherVersion === true;
  const name = isAlone ? otherVersionEntryName(item, item.version) : entryName(item);
  const first = entryAt(tar, offset, name);
  if (first?.bodyOffset !== item.bodyOffset || first.bodyBytes !== item.bodyLength) {
    return undefined;
  }
  const body = bodyOf(tar, first);
  if (hash('sha256', body, 'hex') !== item.sha256) {
    return undefined;
  }
  if (isAlone) {
    return bodyEnd(first);
  }
  const second = entryAt(tar, bodyEnd(first), preferredEntryName(item, item.version));
  return second !== undefined && bodyOf(tar, second).equals(body) ? bodyEnd(second) : undefined;
}

function bodyOf(tar: Buffer, { bodyOffset, bodyBytes }: Body): Buffer {
  return tar.subarray(bodyOffset, bodyOffset + bodyBytes);
}

/** Smallest chunk of a decompression, in bytes; the library wants at least 64. */
const CHUNK_BYTES_MIN = 1024;

function requireBytes(reader: ByteReader, found: Buffer, expected: Buffer): void {
  if (!found.equals(expected)) {
    throw mismatch(reader.key, 'does not begin and end as it was written');
  }
}

async function* hashed(body: AsyncIterable<Uint8Array>, whole: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    whole.update(chunk);
    yield chunk;
  }
}

function mismatch(key: string, what: string, cause?: unknown): Failure {
  return new Failure('archive-mismatch', `the archive ${key} ${what}`, { subject: key, cause });
}
