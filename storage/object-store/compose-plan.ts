import { Failure } from '../../domain/failure.ts';

/** Smallest part that S3 takes, the last one excepted. */
export const PART_BYTES_MIN = 5 * 1024 * 1024;
/** Largest number of parts that S3 takes. */
const PARTS_MAX = 10_000;
/**
 * Largest part that is copied. S3 allows 5 GiB; it is silent while it copies, and a part of this size is done before
 * the silence counts as a dead connection.
 */
export const COPY_BYTES_MAX = 1024 * 1024 * 1024;
/** How often the least size of a part doubles to keep to their number; 20 MiB are room for 195 GiB at the least. */
const DOUBLINGS_MAX = 2;

/** What the plan needs to know of a piece. */
export interface PieceSize {
  /** Bytes at hand have no place that the server could copy them from. */
  readonly kind: 'bytes' | 'object';
  readonly sizeBytes: number;
}

/** Some bytes of the piece with that index. */
export interface Slice {
  readonly piece: number;
  readonly offset: number;
  readonly length: number;
}

/** A part is sent by us, or copied by the server. */
export type PlannedPart =
  | { readonly kind: 'gathered'; readonly slices: readonly Slice[] }
  | { readonly kind: 'copied'; readonly slice: Slice };

/**
 * Cuts the parts of an object that is joined from pieces: they cover the pieces in their order, each but the last
 * has at least `PART_BYTES_MIN`, and there are at most `PARTS_MAX`. Large objects are copied, small neighbours are
 * gathered. Throws `quota-exceeded` for what no plan of bounded memory can join.
 */
export function planParts(pieces: readonly PieceSize[]): PlannedPart[] {
  for (let doublings = 0; doublings <= DOUBLINGS_MAX; doublings++) {
    const parts = [...cutParts(pieces, PART_BYTES_MIN * 2 ** doublings)];
    if (parts.length <= PARTS_MAX) {
      return parts;
    }
  }
  throw new Failure(
    'quota-exceeded',
    `${String(pieces.length)} pieces are too many to be joined into one object of the storage location`,
  );
}

function* cutParts(pieces: readonly PieceSize[], partBytes: number): Generator<PlannedPart> {
  let slices: Slice[] = [];
  let size = 0;
  for (const [piece, { kind, sizeBytes }] of pieces.entries()) {
    // Of a large object only as many bytes are gathered as its small neighbours lack to make a part.
    const isCopied = kind === 'object' && sizeBytes >= 2 * partBytes;
    const length = isCopied ? (partBytes - size) % partBytes : sizeBytes;
    if (length > 0) {
      slices.push({ piece, offset: 0, length });
      size += length;
    }
    if (size >= partBytes) {
      yield { kind: 'gathered', slices };
      slices = [];
      size = 0;
    }
    if (isCopied) {
      yield* copies({ piece, offset: length, length: sizeBytes - length });
    }
  }
  if (size > 0) {
    yield { kind: 'gathered', slices };
  }
}

/** Cuts evenly: a rest after parts of the largest size could be smaller than a part may be. */
function* copies({ piece, offset, length }: Slice): Generator<PlannedPart> {
  const count = Math.ceil(length / COPY_BYTES_MAX);
  for (let index = 0; index < count; index++) {
    const start = Math.floor((length * index) / count);
    const end = Math.floor((length * (index + 1)) / count);
    yield { kind: 'copied', slice: { piece, offset: offset + start, length: end - start } };
  }
}
