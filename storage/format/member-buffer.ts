import { bodyOffset, entryBytes, writeEntryHead } from './tar.ts';

/** Longest UTF-8 form of one UTF-16 unit, in bytes. */
const UNIT_BYTES_MAX = 3;

/** A part of a buffer. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** Names of the entries of one object: most have two. */
export type EntryNames = readonly [string, string] | readonly [string];

/**
 * Tar entries in one piece of memory, which is used again for the next member. Text is encoded where it belongs,
 * so that an object costs no buffer of its own.
 */
export class MemberBuffer {
  #bytes: Buffer;
  #size = 0;

  constructor(capacity: number) {
    // Room for the entry that goes beyond the limit.
    this.#bytes = Buffer.allocUnsafe(Math.ceil(capacity * 1.25));
  }

  /** Bytes that were written. */
  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#size = 0;
  }

  view({ offset, length }: Span): Buffer {
    return this.#bytes.subarray(offset, offset + length);
  }

  /** Adds entries whose body is these texts, one right behind the other; tells where the first body is. */
  add([first, second]: EntryNames, texts: readonly string[]): Span {
    const units = texts.reduce((sum, text) => sum + text.length, 0);
    this.#reserve(2 * units * UNIT_BYTES_MAX + HEADS_BYTES_MAX);
    const offset = this.#size + bodyOffset(first);
    let length = 0;
    for (const text of texts) {
      length += this.#bytes.write(text, offset + length, 'utf8');
    }
    this.#frame(first, length);
    if (second !== undefined) {
      // The copy follows at once, within the window in which deflate finds the first.
      this.#bytes.copyWithin(this.#size + bodyOffset(second), offset, offset + length);
      this.#frame(second, length);
    }
    return { offset, length };
  }

  #frame(name: string, bodyBytes: number): void {
    const start = this.#size;
    const end = start + entryBytes({ name, bodyBytes });
    writeEntryHead(this.#bytes, start, { name, bodyBytes });
    this.#bytes.fill(0, start + bodyOffset(name) + bodyBytes, end);
    this.#size = end;
  }

  #reserve(room: number): void {
    if (this.#size + room <= this.#bytes.length) {
      return;
    }
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#size + room));
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }
}

/** More than the headers and the padding of two entries take, with the longest names that Kubernetes has. */
const HEADS_BYTES_MAX = 16 * 1024;
