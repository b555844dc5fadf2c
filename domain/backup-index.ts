import type { ItemReference } from './item.ts';

/** Where a piece of the archive lies: bytes of the compressed file that are one whole gzip member. */
export interface MemberRange {
  readonly offset: number;
  readonly length: number;
  /** Of the compressed bytes: finds a change that decompressing does not notice. */
  readonly crc32: number;
}

/**
 * One line of a backup's index: an item, and how to read it without reading the rest of the archive.
 * The member is fetched by range and decompressed by itself; the object's JSON is `bodyLength` bytes at
 * `bodyOffset` of what comes out.
 */
export interface IndexLine extends ItemReference {
  readonly version: string;
  readonly kind: string;
  readonly uid: string;
  /** Uids of the owners; left out when there are none. */
  readonly owners?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly member: MemberRange;
  readonly bodyOffset: number;
  readonly bodyLength: number;
  /** Of the object's JSON as it is in the archive, hexadecimal. */
  readonly sha256: string;
}
