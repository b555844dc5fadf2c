import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { IndexItem, IndexLine, MemberProof, MemberRange } from '../../domain/backup-index.ts';
import type { ObjectStore, ReadOptions } from '../object-store/port.ts';
import { damagedLines, jsonLinesOf } from './json-lines.ts';

const compress = promisify(gzip);

/** Characters that are gathered before they are compressed. */
const CHUNK_LENGTH = 256 * 1024;
/** Lines from which on a batch is handed out when an index is read. */
const BATCH_LINES = 1000;

/**
 * Gathers an index in its compressed form: for each member of the archive a line about the member, then a line for
 * each item in it. A member without an offset begins where the one before it ends, so that the indexes of shards
 * may be joined as they are.
 */
export class IndexWriter {
  readonly #chunks: Promise<Buffer>[] = [];
  #text = '';

  add(member: MemberProof | MemberRange, items: readonly IndexItem[]): void {
    this.#text += `${JSON.stringify({ member })}\n`;
    for (const item of items) {
      this.#text += `${JSON.stringify(item)}\n`;
    }
    if (this.#text.length >= CHUNK_LENGTH) {
      this.#flush();
    }
  }

  /** The index as independent gzip members. One without items is a file that says so, and not one of no bytes. */
  async finish(): Promise<Buffer> {
    if (this.#text !== '' || this.#chunks.length === 0) {
      this.#flush();
    }
    return Buffer.concat(await Promise.all(this.#chunks));
  }

  #flush(): void {
    this.#chunks.push(compress(this.#text));
    this.#text = '';
  }
}

/** An index of some lines of another one; each member keeps its place in the archive. */
export async function* encodeIndex(
  batches: AsyncIterable<readonly IndexLine[]>,
): AsyncGenerator<Buffer> {
  const writer = new IndexWriter();
  let items: IndexItem[] = [];
  let open: MemberRange | undefined;
  for await (const lines of batches) {
    for (const { member, ...item } of lines) {
      if (open !== undefined && open.offset !== member.offset) {
        writer.add(open, items);
        items = [];
      }
      open = member;
      items.push(item);
    }
  }
  if (open !== undefined) {
    writer.add(open, items);
  }
  yield await writer.finish();
}

/** Lines at hand as the stream that `encodeIndex` takes. */
export async function* oneBatch(lines: readonly IndexLine[]): AsyncGenerator<readonly IndexLine[]> {
  yield await Promise.resolve(lines);
}

/** A member of the archive, and the items in it. */
export interface IndexedMember {
  readonly member: MemberRange;
  readonly items: readonly IndexItem[];
}

/**
 * Reads an index member by member, in bounded memory. Throws `archive-mismatch` when it is damaged or ends in the
 * middle of a line, and `object-missing` when there is none. An index that lost whole members is for the caller to
 * notice, who knows how many items there must be.
 */
export async function* readMembers(
  store: ObjectStore,
  key: string,
  options: ReadOptions = {},
): AsyncGenerator<IndexedMember> {
  let open: { member: MemberRange; items: IndexItem[] } | undefined;
  for await (const lines of jsonLinesOf(store, key, options)) {
    for (const line of lines) {
      const parsed = parseLine(line, key);
      if (!('member' in parsed)) {
        open?.items.push(parsed);
        continue;
      }
      if (open !== undefined) {
        yield open;
      }
      const end = open === undefined ? 0 : open.member.offset + open.member.length;
      open = { member: { offset: end, ...parsed.member }, items: [] };
    }
  }
  if (open !== undefined) {
    yield open;
  }
}

/** The lines of an index in batches, in bounded memory. Throws like `readMembers`. */
export async function* readIndex(
  store: ObjectStore,
  key: string,
  options: ReadOptions = {},
): AsyncGenerator<IndexLine[]> {
  let batch: IndexLine[] = [];
  for await (const { member, items } of readMembers(store, key, options)) {
    for (const item of items) {
      batch.push({ ...item, member });
    }
    if (batch.length >= BATCH_LINES) {
      yield batch;
      batch = [];
    }
  }
  yield batch;
}

type ParsedLine = { readonly member: MemberProof & { offset?: number } } | IndexItem;

function parseLine(text: string, key: string): ParsedLine {
  try {
    // What the fields say is compared with the archive by whoever uses them.
    const line = JSON.parse(text) as ParsedLine;
    if ('member' in line ? typeof line.member.length === 'number' : typeof line.name === 'string') {
      return line;
    }
  } catch (error) {
    throw damagedLines(key, error);
  }
  throw damagedLines(key);
}
