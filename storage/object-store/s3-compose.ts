import { UploadPartCopyCommand } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';

import { planParts, type Slice } from './compose-plan.ts';
import type { ComposePiece, ObjectStore, ObjectVersion, UploadOptions } from './port.ts';
import { readAll } from './read-all.ts';
import { inParts, putWhole, type S3Target, sendBytes, type SendPart } from './s3-multipart.ts';

const FETCHES_IN_FLIGHT = 8;
/** What is no larger is one request: an upload in parts takes at least three. */
const WHOLE_BYTES_MAX = 16 * 1024 * 1024;

export interface Composition {
  readonly store: ObjectStore;
  readonly pieces: readonly ComposePiece[];
  /** Prefix of the location, which the store's keys do not show. */
  readonly prefix: string;
}

/**
 * Joins pieces: large objects are copied by the server, small neighbours are fetched and gathered into one part.
 * What is small altogether is one request.
 */
export async function composeParts(
  target: S3Target,
  composition: Composition,
  options: UploadOptions,
): Promise<ObjectVersion> {
  const sizes = composition.pieces.map((piece) => sizeOf(piece));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= WHOLE_BYTES_MAX) {
    const slices = sizes.map((length, piece) => ({ piece, offset: 0, length }));
    return putWhole(target, await gather(composition, slices, options.signal), options);
  }
  return inParts(target, options, () => partsOf(target, composition, options.signal));
}

async function* partsOf(
  target: S3Target,
  composition: Composition,
  signal: AbortSignal | undefined,
): AsyncGenerator<SendPart> {
  const sizes = composition.pieces.map((piece) => ({ kind: piece.kind, sizeBytes: sizeOf(piece) }));
  for (const part of planParts(sizes)) {
    yield part.kind === 'copied'
      ? sendCopy(target, composition, part.slice)
      : sendBytes(target, await gather(composition, part.slices, signal));
  }
}

/** A part that the server copies from a stored object. */
function sendCopy(
  { client, at }: S3Target,
  { pieces, prefix }: Composition,
  { piece, offset, length }: Slice,
): SendPart {
  const source = pieces[piece];
  const key = `${prefix}${source?.kind === 'object' ? source.key : ''}`;
  const CopySource = `${at.Bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  const CopySourceRange = `bytes=${String(offset)}-${String(offset + length - 1)}`;
  return async (part) => {
    const command = new UploadPartCopyCommand({ ...at, ...part, CopySource, CopySourceRange });
    return (await client.send(command)).CopyPartResult?.ETag ?? '';
  };
}

async function gather(
  { store, pieces }: Composition,
  slices: readonly Slice[],
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const options = signal === undefined ? {} : { signal };
  const fetched = await pLimit(FETCHES_IN_FLIGHT).map(slices, ({ piece, offset, length }) => {
    const source = pieces[piece];
    if (source?.kind === 'bytes') {
      return source.bytes.subarray(offset, offset + length);
    }
    // A range of no bytes cannot be asked for.
    return source === undefined || length === 0
      ? Buffer.alloc(0)
      : readAll(store, source.key, { range: { offset, length }, ...options });
  });
  return Buffer.concat(fetched);
}

function sizeOf(piece: ComposePiece): number {
  return piece.kind === 'bytes' ? piece.bytes.length : piece.sizeBytes;
}
