import type { ItemReference } from './item.ts';

/** Where a piece of the archive lies: bytes of the compressed file that are one whole gzip member. */
export interface MemberRange extends MemberProof {
  readonly offset: number;
}

/** What is known about a member before it has its place. */
export interface MemberProof {
  /** Compressed bytes. */
  readonly length: number;
  /** Bytes that come out when it is decompressed. */
  readonly sizeBytes: number;
  /** Of the compressed bytes, hexadecimal: finds a change that decompressing does not notice. */
  readonly sha256: string;
}

/** An item of a member, and where in the decompressed member the object's JSON is. */
export interface IndexItem extends ItemReference {
  readonly version: string;
  readonly kind: string;
  readonly uid: string;
  /** Uids of the owners; left out when there are none. */
  readonly owners?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** The object is in the backup in the preferred version too. */
  readonly isOtherVersion?: true;
  readonly bodyOffset: number;
  readonly bodyLength: number;
  /** Of the object's JSON as it is in the archive, hexadecimal. */
  readonly sha256: string;
}

/**
 * One item of a backup's index, and how to read it without reading the rest of the archive: the member is fetched
 * by range and decompressed by itself; the object's JSON is `bodyLength` bytes at `bodyOffset` of what comes out.
 */
export interface IndexLine extends IndexItem {
  readonly member: MemberRange;
}
