import { UploadPartCopyCommand } from '@aws-sdk/client-s3';

import type { ComposePiece, ObjectStore, ObjectVersion, UploadOptions } from './port.ts';
import { readAll } from './read-all.ts';
import { inParts, putWhole, type S3Target, sendBytes, type SendPart } from './s3-multipart.ts';

/** Smallest part that S3 takes, the last one excepted; smaller pieces are gathered. */
const PART_BYTES_MIN = 5 * 1024 * 1024;
/** Largest part that S3 copies. */
const COPY_BYTES_MAX = 5 * 1024 * 1024 * 1024;

export interface Composition {
  readonly store: ObjectStore;
  readonly pieces: readonly ComposePiece[];
  /** Prefix of the location, which the store's keys do not show. */
  readonly prefix: string;
}

/**
 * Joins pieces: large objects are copied by the server, small neighbours are fetched and gathered into one part.
 * What fits one part altogether is one request.
 */
export async function composeParts(
  target: S3Target,
  composition: Composition,
  options: UploadOptions,
): Promise<ObjectVersion> {
  const total = composition.pieces.reduce((sum, piece) => sum + sizeOf(piece), 0);
  if (total < PART_BYTES_MIN) {
    const bytes = await Promise.all(
      composition.pieces.map((piece) =>
        headOf(composition.store, piece, { length: sizeOf(piece), ...options }),
      ),
    );
    return putWhole(target, Buffer.concat(bytes), options);
  }
  return inParts(target, options, () => partsOf(target, composition, options.signal));
}

async function* partsOf(
  target: S3Target,
  composition: Composition,
  signal: AbortSignal | undefined,
): AsyncGenerator<SendPart> {
  const options = signal === undefined ? {} : { signal };
  let gathered: Uint8Array[] = [];
  let size = 0;
  for (const piece of composition.pieces) {
    // Of a large object only as many bytes are fetched as its small neighbours lack to make a part.
    const isLarge = piece.kind === 'object' && piece.sizeBytes >= 2 * PART_BYTES_MIN;
    const fetched = isLarge ? (PART_BYTES_MIN - size) % PART_BYTES_MIN : sizeOf(piece);
    if (fetched > 0) {
      gathered.push(await headOf(composition.store, piece, { length: fetched, ...options }));
      size += fetched;
    }
    if (size >= PART_BYTES_MIN) {
      yield sendBytes(target, Buffer.concat(gathered));
      gathered = [];
      size = 0;
    }
    if (isLarge) {
      const key = `${composition.prefix}${piece.key}`;
      yield* copies(target, { key, offset: fetched, sizeBytes: piece.sizeBytes });
    }
  }
  if (size > 0) {
    yield sendBytes(target, Buffer.concat(gathered));
  }
}

function* copies(
  { client, at }: S3Target,
  source: { key: string; offset: number; sizeBytes: number },
): Generator<SendPart> {
  const CopySource = encodeURI(`${at.Bucket}/${source.key}`);
  for (let offset = source.offset; offset < source.sizeBytes; offset += COPY_BYTES_MAX) {
    const last = Math.min(offset + COPY_BYTES_MAX, source.sizeBytes) - 1;
    const CopySourceRange = `bytes=${String(offset)}-${String(last)}`;
    yield async (part) => {
      const command = new UploadPartCopyCommand({ ...at, ...part, CopySource, CopySourceRange });
      return (await client.send(command)).CopyPartResult?.ETag ?? '';
    };
  }
}

function sizeOf(piece: ComposePiece): number {
  return piece.kind === 'bytes' ? piece.bytes.length : piece.sizeBytes;
}

async function headOf(
  store: ObjectStore,
  piece: ComposePiece,
  { length, signal }: { length: number; signal?: AbortSignal },
): Promise<Uint8Array> {
  if (piece.kind === 'bytes') {
    return piece.bytes;
  }
  const options = signal === undefined ? {} : { signal };
  // A range of no bytes cannot be asked for.
  return length === 0
    ? Buffer.alloc(0)
    : readAll(store, piece.key, { range: { offset: 0, length }, ...options });
}
