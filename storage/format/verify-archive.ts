import { createHash, hash, type Hash } from 'node:crypto';
import { promisify } from 'node:util';
import { crc32, gunzip } from 'node:zlib';

import { entryName, preferredEntryName } from '../../domain/archive-layout.ts';
import type { IndexLine } from '../../domain/backup-index.ts';
import { Failure } from '../../domain/failure.ts';
import { itemText } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { ArchiveProof } from '../../domain/stored-run.ts';
import type { ObjectStore } from '../object-store/port.ts';
import { ByteReader } from './byte-reader.ts';
import { readIndex } from './index-file.ts';
import { endMember, versionMember } from './member-encoder.ts';
import type { OnProgress } from './shard.ts';
import { readEntries, type TarEntry } from './tar.ts';

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

/**
 * Reads the whole archive again, beside its index, and compares: every byte, every header, both copies of every
 * object. Throws `archive-mismatch` with the archive's key as subject, or `object-missing`.
 */
export async function verifyArchive(
  store: ObjectStore,
  source: VerifySource,
): Promise<ArchiveProof> {
  const keys = backupKeys(source.name);
  const options = { signal: source.signal };
  const stored = await store.get(keys.archive, options);
  const whole = createHash('sha256');
  const reader = new ByteReader(hashed(stored.body, whole), keys.archive);
  const totals = { items: 0, itemBytes: 0 };
  await requireBytes(reader, await versionMember(source.runUid));
  const checks: Promise<void>[] = [];
  for await (const lines of membersOf(readIndex(store, keys.index, options))) {
    const compressed = await takeMember(reader, lines, keys.archive);
    checks.push(checkMember(compressed, lines, keys.archive));
    if (checks.length >= MEMBERS_IN_FLIGHT) {
      await checks.shift();
    }
    totals.items += lines.length;
    totals.itemBytes += lines.reduce((sum, line) => sum + line.bodyLength, 0);
    source.onProgress(totals.items, reader.position);
  }
  await Promise.all(checks);
  await requireBytes(reader, await endMember());
  if (!(await reader.isAtEnd()) || totals.items !== source.items) {
    throw mismatch(keys.archive, `holds ${String(totals.items)} of ${String(source.items)} items`);
  }
  return {
    sha256: whole.digest('hex'),
    sizeBytes: reader.position,
    ...totals,
    verification: 'read-back',
  };
}

/** Gathers the lines of an index by the member that holds their items. */
async function* membersOf(
  batches: AsyncIterable<readonly IndexLine[]>,
): AsyncGenerator<readonly IndexLine[]> {
  let member: IndexLine[] = [];
  for await (const batch of batches) {
    for (const line of batch) {
      const [first] = member;
      if (first !== undefined && first.member.offset !== line.member.offset) {
        yield member;
        member = [];
      }
      member.push(line);
    }
  }
  if (member.length > 0) {
    yield member;
  }
}

async function takeMember(
  reader: ByteReader,
  lines: readonly IndexLine[],
  key: string,
): Promise<Buffer> {
  const member = lines[0]?.member;
  if (member?.offset !== reader.position) {
    throw mismatch(key, `has a gap at byte ${String(reader.position)}`);
  }
  const compressed = await reader.take(member.length);
  if (crc32(compressed) !== member.crc32) {
    throw mismatch(key, `is damaged at ${itemText(lines[0] ?? NO_ITEM)} or near it`);
  }
  return compressed;
}

/** A failure is kept for its turn: nobody waits for the checks that are still under way when one has failed. */
function checkMember(compressed: Buffer, lines: readonly IndexLine[], key: string): Promise<void> {
  const check = compareMember(compressed, lines, key);
  check.catch(() => undefined);
  return check;
}

async function compareMember(
  compressed: Buffer,
  lines: readonly IndexLine[],
  key: string,
): Promise<void> {
  const tar = await decompress(compressed).catch((cause: unknown) => {
    throw mismatch(key, 'cannot be decompressed', cause);
  });
  const entries = readEntries(tar, key);
  for (const line of lines) {
    const [first, second] = [entries.next(), entries.next()];
    const isWhole = first.done !== true && second.done !== true;
    if (!isWhole || !areCopies(first.value, second.value, line)) {
      throw mismatch(key, `does not hold ${itemText(line)} as it was written`);
    }
  }
  if (entries.next().done !== true) {
    throw mismatch(key, 'holds more than its index says');
  }
}

/** The first copy is hashed, and the second compared with it, which is the faster of the two. */
function areCopies(first: TarEntry, second: TarEntry, line: IndexLine): boolean {
  return (
    first.bodyOffset === line.bodyOffset &&
    first.name === entryName(line) &&
    second.name === preferredEntryName(line, line.version) &&
    hash('sha256', first.body, 'hex') === line.sha256 &&
    second.body.equals(first.body)
  );
}

async function requireBytes(reader: ByteReader, expected: Buffer): Promise<void> {
  const found = await reader.take(expected.length);
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

const NO_ITEM = { group: '', resource: '', namespace: '', name: '' };

function mismatch(key: string, what: string, cause?: unknown): Failure {
  return new Failure('archive-mismatch', `the archive ${key} ${what}`, { subject: key, cause });
}
