import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { crc32, gzip } from 'node:zlib';

import { entryName, preferredEntryName, VERSION_ENTRY } from '../../domain/archive-layout.ts';
import type { IndexLine } from '../../domain/backup-index.ts';
import {
  apiVersionOf,
  type ItemReference,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import { bodyOffset, END_OF_ARCHIVE, pushEntry } from './tar.ts';

const compress = promisify(gzip);

/** Bytes of tar that one gzip member holds; a larger object has a member of its own. */
const MEMBER_BYTES = 1024 * 1024;
/** Members that are compressed at the same time, each on a thread of the pool. */
const MEMBERS_IN_FLIGHT = 3;

/** One object on its way into the archive. */
export interface ArchiveItem {
  readonly type: ResourceType;
  readonly object: KubernetesObject;
}

/** A whole gzip member, and the lines of the index for the items in it. */
export interface EncodedMember {
  readonly bytes: Buffer;
  readonly lines: IndexLine[];
  /** Sum of the sizes of the items' JSON. */
  readonly itemBytes: number;
}

/**
 * Turns pages of objects into gzip members of tar entries, in the order of the objects. Compression runs on the
 * thread pool while the next page is being written. Offsets in the lines count from `baseOffset`.
 */
export async function* encodeMembers(
  pages: AsyncIterable<readonly ArchiveItem[]>,
  baseOffset = 0,
): AsyncGenerator<EncodedMember> {
  const underWay: Promise<OpenMember & { compressed: Buffer }>[] = [];
  let offset = baseOffset;
  function placed({ compressed, lines, itemBytes }: OpenMember & { compressed: Buffer }) {
    const member = { offset, length: compressed.length, crc32: crc32(compressed) };
    offset += compressed.length;
    return { bytes: compressed, lines: lines.map((line) => ({ ...line, member })), itemBytes };
  }
  for await (const closed of cutMembers(pages)) {
    underWay.push(
      compress(Buffer.concat(closed.buffers)).then((compressed) => ({ ...closed, compressed })),
    );
    if (underWay.length >= MEMBERS_IN_FLIGHT) {
      const first = await underWay.shift();
      if (first !== undefined) {
        yield placed(first);
      }
    }
  }
  for (const member of underWay) {
    yield placed(await member);
  }
}

/** Key of our subfield in a gzip header (RFC 1952, 2.3.1.1). */
const RUN_SUBFIELD = 'HF';
const GZIP_HEADER_BYTES = 10;
const FLAG_EXTRA = 4;

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

interface OpenMember {
  readonly buffers: Buffer[];
  readonly lines: Omit<IndexLine, 'member'>[];
  itemBytes: number;
  size: number;
}

async function* cutMembers(
  pages: AsyncIterable<readonly ArchiveItem[]>,
): AsyncGenerator<OpenMember> {
  let open = emptyMember();
  for await (const page of pages) {
    for (const item of page) {
      addItem(open, item);
      if (open.size >= MEMBER_BYTES) {
        yield open;
        open = emptyMember();
      }
    }
  }
  if (open.size > 0) {
    yield open;
  }
}

function emptyMember(): OpenMember {
  return { buffers: [], lines: [], itemBytes: 0, size: 0 };
}

function addItem(open: OpenMember, { type, object }: ArchiveItem): void {
  const { metadata } = object;
  const item: ItemReference = {
    group: type.group,
    resource: type.resource,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
  };
  // The items of a list have neither field; in an archive each object stands for itself.
  object.apiVersion ??= apiVersionOf(type);
  object.kind ??= type.kind;
  const body = Buffer.from(JSON.stringify(object), 'utf8');
  const name = entryName(item);
  const owners = (metadata.ownerReferences ?? []).map(({ uid }) => uid);
  open.lines.push({
    ...item,
    version: type.version,
    kind: type.kind,
    uid: metadata.uid ?? '',
    ...(owners.length === 0 ? {} : { owners }),
    ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
    bodyOffset: open.size + bodyOffset(name),
    bodyLength: body.length,
    sha256: hash('sha256', body, 'hex'),
  });
  open.itemBytes += body.length;
  open.size += pushEntry(open.buffers, name, body);
  // The second copy follows at once, within the window in which deflate finds the first.
  open.size += pushEntry(open.buffers, preferredEntryName(item, type.version), body);
}
