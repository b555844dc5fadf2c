import { Failure } from '../../domain/failure.ts';
import type { ObjectStore, ReadOptions, StoredObject } from './port.ts';

/** Largest object that is read into memory as a whole, in bytes. */
const WHOLE_BYTES_MAX = 64 * 1024 * 1024;

/** An object, or a range of it, as one buffer. Throws `archive-mismatch` when it is shorter than it says. */
export async function readAll(
  store: ObjectStore,
  key: string,
  options: ReadOptions = {},
): Promise<Buffer> {
  return gather(await store.get(key, options), options.range?.length);
}

/** The bytes of a stored object; `length` is how many were asked for. */
export async function gather(object: StoredObject, length?: number): Promise<Buffer> {
  const expected = length ?? object.sizeBytes;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of object.body) {
    size += chunk.length;
    if (size > WHOLE_BYTES_MAX) {
      throw new Failure('archive-mismatch', `${object.key} is too large for what it should be`, {
        subject: object.key,
      });
    }
    chunks.push(chunk);
  }
  if (size !== expected) {
    throw new Failure(
      'archive-mismatch',
      `${object.key} ends after ${String(size)} of ${String(expected)} bytes`,
      { subject: object.key },
    );
  }
  return Buffer.concat(chunks);
}
