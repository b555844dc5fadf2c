import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import {
  entryName,
  otherVersionEntryName,
  preferredEntryName,
  VERSION_ENTRY,
} from '../../domain/archive-layout.ts';
import type { IndexItem, MemberProof } from '../../domain/backup-index.ts';
import {
  apiVersionOf,
  itemOf,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import { type EntryNames, MemberBuffer } from './member-buffer.ts';
import { END_OF_ARCHIVE, entryBytes, pushEntry } from './tar.ts';

const compress = promisify(gzip);

/** Bytes of tar that one gzip member holds; a larger object has a member of its own. */
const MEMBER_BYTES = 1024 * 1024;
/** Members that are compressed at the same time, each on a thread of the pool. */
const MEMBERS_IN_FLIGHT = 3;
/** About what a member of configuration is compressed to: the compressor's buffers, instead of many small ones. */
const COMPRESSED_CHUNK_BYTES = 64 * 1024;

/** One object on its way into the archive. */
export interface ArchiveItem {
  readonly type: ResourceType;
  readonly object: KubernetesObject;
  /** The object's JSON, where it is at hand and nothing was changed since. */
  readonly json?: string;
  /** Whether the version is another one than the preferred. */
  readonly isOtherVersion?: true;
}

/**
 * An item's JSON as it stands in an archive. The items of a list of the API server's own types have neither version nor
 * kind; in an archive each object stands for itself.
 */
export function archiveJson({ type, object, json }: ArchiveItem): readonly string[] {
  const text = json ?? JSON.stringify(object);
  return object.apiVersion === undefined
    ? [
        JSON.stringify({ apiVersion: apiVersionOf(type), kind: type.kind }).slice(0, -1),
        ',',
        text.slice(1),
      ]
    : [text];
}

/** A whole gzip member, and the items in it. */
export interface EncodedMember {
  readonly bytes: Buffer;
  readonly proof: MemberProof;
  readonly items: readonly IndexItem[];
}

/**
 * Turns pages of objects into gzip members of tar entries, in the order of the objects. Compression runs on the
 * thread pool while the next page is being written.
 */
export async function* encodeMembers(
  pages: AsyncIterable<readonly ArchiveItem[]>,
): AsyncGenerator<EncodedMember> {
  const underWay: Promise<EncodedMember>[] = [];
  const spare: MemberBuffer[] = [];
  let open = new OpenMember(new MemberBuffer(MEMBER_BYTES));
  function close(): void {
    const closed = open;
    underWay.push(
      closed.encode().finally(() => {
        spare.push(closed.buffer);
      }),
    );
    open = new OpenMember(spare.pop() ?? new MemberBuffer(MEMBER_BYTES));
  }
  for await (const page of pages) {
    for (const item of page) {
      open.add(item);
      if (open.buffer.size >= MEMBER_BYTES) {
        close();
      }
      while (underWay.length >= MEMBERS_IN_FLIGHT) {
        yield await shifted(underWay);
      }
    }
  }
  if (open.buffer.size > 0) {
    close();
  }
  while (underWay.length > 0) {
    yield await shifted(underWay);
  }
}

/** Key of our subfield in a gzip header (RFC 1952, 2.3.1.1). */
const RUN_SUBFIELD = 'HF';
const GZIP_HEADER_BYTES = 10;
const FLAG_EXTRA = 4;

/** Bytes of tar in the first member of an archive. */
export const VERSION_TAR_BYTES = entryBytes({
  name: VERSION_ENTRY.name,
  bodyBytes: VERSION_ENTRY.body.length,
});

/**
 * The first member of an archive: the entry with the format's version. The run's uid stands in the gzip header,
 * where no reader of the archive looks, so that an archive tells whose it is.
 */
export async function versionMember(runUid: string): Promise<Buffer> {
  const buffers: Buffer[] = [];
  pushEntry(buffers, VERSION_ENTRY.name, Buffer.from(VERSION_ENTRY.body));
  const plain = await compress(Buffer.concat(buffers));
  const uid = Buffer.from(runUid, 'utf8');
  const extra = Buffer.alloc(6);
  extra.writeUInt16LE(uid.length + 4, 0);
  extra.write(RUN_SUBFIELD, 2, 'latin1');
  extra.writeUInt16LE(uid.length, 4);
  const header = Buffer.from(plain.subarray(0, GZIP_HEADER_BYTES));
  header[3] = FLAG_EXTRA;
  return Buffer.concat([header, extra, uid, plain.subarray(GZIP_HEADER_BYTES)]);
}

/** The run whose archive begins with these bytes; undefined if no run of ours wrote it. */
export function runOfArchive(head: Buffer): string | undefined {
  if (head.length < GZIP_HEADER_BYTES + 6 || ((head[3] ?? 0) & FLAG_EXTRA) === 0) {
    return undefined;
  }
  const start = GZIP_HEADER_BYTES + 2;
  const key = head.toString('latin1', start, start + 2);
  const length = head.readUInt16LE(start + 2);
  return key === RUN_SUBFIELD ? head.toString('utf8', start + 4, start + 4 + length) : undefined;
}

/** The last member of an archive. */
export function endMember(): Promise<Buffer> {
  return compress(END_OF_ARCHIVE);
}

class OpenMember {
  readonly buffer: MemberBuffer;
  readonly #items: IndexItem[] = [];

  constructor(buffer: MemberBuffer) {
    buffer.clear();
    this.buffer = buffer;
  }

  add(archived: ArchiveItem): void {
    const { type, object } = archived;
    const { metadata } = object;
    const { version, kind } = type;
    const item = itemOf(type, object);
    const { isOtherVersion } = archived;
    const names: EntryNames =
      isOtherVersion === true
        ? [otherVersionEntryName(item, version)]
        : [entryName(item), preferredEntryName(item, version)];
    const body = this.buffer.add(names, archiveJson(archived));
    const { labels, ownerReferences } = metadata;
    const owners = ownerReferences?.map(({ uid }) => uid) ?? [];
    this.#items.push({
      ...item,
      version,
      kind,
      uid: metadata.uid ?? '',
      ...(owners.length === 0 ? {} : { owners }),
      ...(labels === undefined ? {} : { labels }),
      ...(isOtherVersion === undefined ? {} : { isOtherVersion }),
      bodyOffset: body.offset,
      bodyLength: body.length,
      sha256: hash('sha256', this.buffer.view(body), 'hex'),
    });
  }

  async encode(): Promise<EncodedMember> {
    const tar = this.buffer.view({ offset: 0, length: this.buffer.size });
    const bytes = await compress(tar, { chunkSize: COMPRESSED_CHUNK_BYTES });
    const sha256 = hash('sha256', bytes, 'hex');
    const proof = { length: bytes.length, sizeBytes: tar.length, sha256 };
    return { bytes, proof, items: this.#items };
  }
}

function shifted(underWay: Promise<EncodedMember>[]): Promise<EncodedMember> {
  const first = underWay.shift();
  if (first === undefined) {
    throw new Error('no member is under way');
  }
  return first;
}
