import { ENTRY_MODE } from '../../domain/archive-layout.ts';
import { Failure } from '../../domain/failure.ts';

/** A tar file is made of blocks of this size. */
const BLOCK_BYTES = 512;
/** What ends a tar file: two blocks of zeros. */
export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK_BYTES);

const NAME_BYTES_MAX = 100;
const PREFIX_BYTES_MAX = 155;
/** Positions and lengths of the header's fields (POSIX.1-1988 ustar). */
const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  checksum: [148, 8],
  type: [156, 1],
  prefix: [345, 155],
} as const;
const TYPE_FILE = '0';
const TYPE_PAX = 'x';
/** Name of the header that stands before an entry with a long name; a reader that knows pax never shows it. */
const PAX_NAME = 'pax';
const SPACE = 0x20;
const ZERO_DIGIT = 0x30;
const PADDING = Buffer.alloc(BLOCK_BYTES);

const TEMPLATE = headerTemplate();
const TEMPLATE_SUM = sumOf(TEMPLATE, 0, BLOCK_BYTES);

/** An entry of a tar file, before it has its place. */
export interface EntryFrame {
  readonly name: string;
  readonly bodyBytes: number;
}

/** Bytes that an entry takes in all, header and padding included. */
export function entryBytes({ name, bodyBytes }: EntryFrame): number {
  return bodyOffset(name) + padded(bodyBytes);
}

/** The position of an entry's body behind the entry's start. */
export function bodyOffset(name: string): number {
  return isLongName(name) ? 2 * BLOCK_BYTES + padded(paxRecord(name).length) : BLOCK_BYTES;
}

/** Writes what stands before the body of an entry; its body belongs `bodyOffset` bytes behind `offset`. */
export function writeEntryHead(
  target: Buffer,
  offset: number,
  { name, bodyBytes }: EntryFrame,
): void {
  if (!isLongName(name)) {
    writeHeader(target, offset, { name, bodyBytes, type: TYPE_FILE });
    return;
  }
  const record = paxRecord(name);
  const recordStart = offset + BLOCK_BYTES;
  const recordEnd = recordStart + padded(record.length);
  writeHeader(target, offset, { name: PAX_NAME, bodyBytes: record.length, type: TYPE_PAX });
  record.copy(target, recordStart);
  target.fill(0, recordStart + record.length, recordEnd);
  // A reader that does not know pax shows the beginning of a long name.
  const shown = name.slice(0, NAME_BYTES_MAX / 4);
  writeHeader(target, recordEnd, { name: shown, bodyBytes, type: TYPE_FILE });
}

/** Adds an entry to a list of buffers; gives how many bytes were added. `body` is not copied. */
export function pushEntry(buffers: Buffer[], name: string, body: Buffer): number {
  const frame = { name, bodyBytes: body.length };
  const head = Buffer.allocUnsafe(bodyOffset(name));
  writeEntryHead(head, 0, frame);
  const size = entryBytes(frame);
  buffers.push(head, body, PADDING.subarray(0, size - head.length - body.length));
  return size;
}

/** Where an entry's body is in a buffer. */
export interface Body {
  readonly bodyOffset: number;
  readonly bodyBytes: number;
}

/** The position behind an entry, its padding included. */
export function bodyEnd({ bodyOffset: start, bodyBytes }: Body): number {
  return start + padded(bodyBytes);
}

interface TarEntry extends Body {
  readonly name: string;
}

/**
 * The entries of a buffer that begins and ends at entry boundaries. Throws `archive-mismatch` for anything that is
 * no chain of tar entries; blocks of zeros end the reading. Whether the bytes are the ones that were written is for
 * the caller to know.
 */
function* readEntries(buffer: Buffer, subject: string): Generator<TarEntry> {
  let longName: string | undefined;
  for (let offset = 0; offset < buffer.length && buffer[offset] !== 0;) {
    const start = offset + BLOCK_BYTES;
    const size = start > buffer.length ? Number.NaN : readSize(buffer, offset);
    const end = start + padded(size);
    // A comparison with what is no number is false as well.
    if (!(end <= buffer.length)) {
      throw new Failure('archive-mismatch', `${subject} is not a whole tar archive`, { subject });
    }
    if (buffer[offset + FIELD.type[0]] === TYPE_PAX.charCodeAt(0)) {
      longName = paxName(buffer.subarray(start, start + size));
    } else {
      yield { name: longName ?? readName(buffer, offset), bodyOffset: start, bodyBytes: size };
      longName = undefined;
    }
    offset = end;
  }
}

/**
 * Where the body of a named entry is, if that entry stands at a position; undefined if another one does, or none. For
 * the short names of nearly all entries this compares in place, and reads nothing else.
 */
export function entryAt(buffer: Buffer, offset: number, name: string): Body | undefined {
  const nameEnd = offset + name.length;
  const isShort =
    name.length < NAME_BYTES_MAX &&
    buffer[nameEnd] === 0 &&
    buffer.toString('latin1', offset, nameEnd) === name;
  if (isShort) {
    const bodyBytes = readSize(buffer, offset);
    const start = offset + BLOCK_BYTES;
    const isInside = start + padded(bodyBytes) <= buffer.length;
    return isInside ? { bodyOffset: start, bodyBytes } : undefined;
  }
  const entry = readEntries(buffer.subarray(offset), name).next();
  return entry.done === true || entry.value.name !== name
    ? undefined
    : { bodyOffset: offset + entry.value.bodyOffset, bodyBytes: entry.value.bodyBytes };
}

interface Header extends EntryFrame {
  readonly type: string;
}

/** The checksum is the sum of the header's bytes with spaces in its own place: the template's, and what differs. */
function writeHeader(target: Buffer, offset: number, { name, bodyBytes, type }: Header): void {
  TEMPLATE.copy(target, offset);
  const { prefix, rest } = splitName(name) ?? { prefix: '', rest: name };
  const restBytes = target.write(rest, offset + FIELD.name[0], 'utf8');
  const prefixBytes = target.write(prefix, offset + FIELD.prefix[0], 'utf8');
  target.write(type, offset + FIELD.type[0], 'latin1');
  let sum = TEMPLATE_SUM - TYPE_FILE.charCodeAt(0) + type.charCodeAt(0);
  sum += sumOf(target, offset + FIELD.name[0], restBytes);
  sum += sumOf(target, offset + FIELD.prefix[0], prefixBytes);
  sum += writeOctal(target, offset, { field: FIELD.size, value: bodyBytes });
  writeChecksum(target, offset, sum);
}

function writeChecksum(target: Buffer, offset: number, sum: number): void {
  target.write(`${sum.toString(8).padStart(6, '0')}\0 `, offset + FIELD.checksum[0], 'latin1');
}

/** A pax record counts its own length, digits included. */
function paxRecord(name: string): Buffer {
  const rest = Buffer.byteLength(` path=${name}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) {
    length += 1;
  }
  return Buffer.from(`${String(length)} path=${name}\n`);
}

function paxName(record: Buffer): string | undefined {
  return /^\d+ path=([^\n]*)\n/.exec(record.toString('utf8'))?.[1];
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/** A name fits the header if it can be cut at a slash into a prefix and the rest. */
function isLongName(name: string): boolean {
  return splitName(name) === undefined;
}

function splitName(name: string): { prefix: string; rest: string } | undefined {
  if (Buffer.byteLength(name) <= NAME_BYTES_MAX) {
    return { prefix: '', rest: name };
  }
  for (let cut = name.indexOf('/'); cut !== -1; cut = name.indexOf('/', cut + 1)) {
    const prefix = name.slice(0, cut);
    const rest = name.slice(cut + 1);
    const fits = Buffer.byteLength(rest) <= NAME_BYTES_MAX;
    if (fits && Buffer.byteLength(prefix) <= PREFIX_BYTES_MAX) {
      return { prefix, rest };
    }
  }
  return undefined;
}

function readName(buffer: Buffer, offset: number): string {
  const prefix = readText(buffer, offset, FIELD.prefix);
  const rest = readText(buffer, offset, FIELD.name);
  return prefix === '' ? rest : `${prefix}/${rest}`;
}

type Field = readonly [offset: number, length: number];

/** Writes a number as text with a zero byte behind it, and gives the sum of the digits beyond those of 0. */
function writeOctal(
  target: Buffer,
  offset: number,
  { field: [start, length], value }: { field: Field; value: number },
): number {
  const digits = value.toString(8).padStart(length - 1, '0');
  target.write(digits, offset + start, 'latin1');
  return sumOf(target, offset + start, length - 1) - (length - 1) * ZERO_DIGIT;
}

function readSize(buffer: Buffer, offset: number): number {
  let size = 0;
  const [start, length] = FIELD.size;
  for (let at = offset + start; at < offset + start + length - 1; at++) {
    size = size * 8 + (buffer[at] ?? 0) - ZERO_DIGIT;
  }
  return size;
}

function readText(buffer: Buffer, offset: number, [start, length]: Field): string {
  const from = offset + start;
  const end = buffer.indexOf(0, from);
  return buffer.toString('utf8', from, end === -1 ? from + length : Math.min(end, from + length));
}

function sumOf(buffer: Buffer, offset: number, length: number): number {
  let sum = 0;
  // Several times per object: an index is faster here than an iterator.
  for (let position = offset; position < offset + length; position++) {
    sum += buffer[position] ?? 0;
  }
  return sum;
}

/** The header of a file without name or content; the place of the checksum holds spaces. */
function headerTemplate(): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (field: Field, value: number): void => {
    writeOctal(header, 0, { field, value });
  };
  octal(FIELD.mode, ENTRY_MODE);
  octal(FIELD.size, 0);
  // Owner, group and time are zero: the same objects give the same bytes.
  octal([108, 8], 0);
  octal([116, 8], 0);
  octal([136, 12], 0);
  header.fill(SPACE, FIELD.checksum[0], FIELD.checksum[0] + FIELD.checksum[1]);
  header.write(TYPE_FILE, FIELD.type[0], 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  return header;
}
