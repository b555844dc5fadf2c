import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import type { IndexLine, MemberRange } from '../../domain/backup-index.ts';
import { parseExact } from '../../domain/exact-number.ts';
import { Failure } from '../../domain/failure.ts';
import { itemText, type KubernetesObject } from '../../domain/item.ts';
import type { ObjectStore } from '../object-store/port.ts';
import { readAll } from '../object-store/read-all.ts';

const decompress = promisify(gunzip);

/** Bytes of neighbouring members that are fetched by one request. */
const READ_BYTES_MAX = 8 * 1024 * 1024;
/** Smallest chunk of a decompression, in bytes; the library wants at least 64. */
const CHUNK_BYTES_MIN = 1024;

export interface ReadBodiesSource {
  readonly archiveKey: string;
  readonly lines: readonly IndexLine[];
  readonly signal: AbortSignal;
}

export interface ReadBody {
  readonly line: IndexLine;
  readonly object: KubernetesObject;
}

/**
 * The objects of some lines of an index, in the order of the lines, reading only the members that hold them. Numbers
 * that JavaScript does not hold exactly are `ExactNumber`s, and are written as they were read.
 * Throws `archive-mismatch` for an object that is not what the index says.
 */
export async function* readBodies(
  store: ObjectStore,
  { archiveKey, lines, signal }: ReadBodiesSource,
): AsyncGenerator<ReadBody> {
  for (const group of groupLines(lines)) {
    const bytes = await readAll(store, archiveKey, { range: group.range, signal });
    let tar: Buffer = Buffer.alloc(0);
    let present = -1;
    for (const line of group.lines) {
      const { offset, length } = line.member;
      if (offset !== present) {
        const start = offset - group.range.offset;
        tar = await unpack(bytes.subarray(start, start + length), archiveKey, line);
        present = offset;
      }
      // These are the bytes that were written for a Kubernetes object.
      const object = parseExact(bodyText(tar, archiveKey, line)) as KubernetesObject;
      yield { line, object };
    }
  }
}

/**
 * The JSON of one line's object as it is in the archive: numbers in it that JavaScript does not hold exactly are what
 * they were. Reads only the member that holds it. Throws like `readBodies`, and `object-missing`.
 */
export async function readBodyText(
  store: ObjectStore,
  { archiveKey, line, signal }: Omit<ReadBodiesSource, 'lines'> & { readonly line: IndexLine },
): Promise<string> {
  const { offset, length } = line.member;
  const bytes = await readAll(store, archiveKey, { range: { offset, length }, signal });
  return bodyText(await unpack(bytes, archiveKey, line), archiveKey, line);
}

interface Group {
  readonly range: { offset: number; length: number };
  readonly lines: IndexLine[];
}

/** Lines whose members lie beside each other are read together, up to a limit. */
function groupLines(lines: readonly IndexLine[]): Group[] {
  const groups: Group[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (last !== undefined && extend(last.range, line.member)) {
      last.lines.push(line);
    } else {
      const { offset, length } = line.member;
      groups.push({ range: { offset, length }, lines: [line] });
    }
  }
  return groups;
}

function extend(range: { offset: number; length: number }, member: MemberRange): boolean {
  const end = range.offset + range.length;
  if (member.offset >= range.offset && member.offset + member.length <= end) {
    return true;
  }
  if (member.offset !== end || range.length + member.length > READ_BYTES_MAX) {
    return false;
  }
  range.length += member.length;
  return true;
}

async function unpack(bytes: Buffer, key: string, line: IndexLine): Promise<Buffer> {
  const { sizeBytes } = line.member;
  try {
    // One piece of the right size, and not many small ones that are joined.
    return await decompress(bytes, { chunkSize: Math.max(CHUNK_BYTES_MIN, sizeBytes) });
  } catch (error) {
    throw mismatch(key, line, error);
  }
}

function bodyText(tar: Buffer, key: string, line: IndexLine): string {
  const body = tar.subarray(line.bodyOffset, line.bodyOffset + line.bodyLength);
  if (hash('sha256', body, 'hex') !== line.sha256) {
    throw mismatch(key, line);
  }
  return body.toString('utf8');
}

function mismatch(key: string, line: IndexLine, cause?: unknown): Failure {
  const text = `the archive ${key} does not hold ${itemText(line)} as it was written`;
  return new Failure('archive-mismatch', text, { subject: key, cause });
}
