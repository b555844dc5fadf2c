import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

import { Failure } from '../../domain/failure.ts';
import type { ObjectStore, ReadOptions } from '../object-store/port.ts';

/** Bytes that are decompressed at a time. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The lines of a compressed file of lines, some at a time, in bounded memory. Throws `archive-mismatch` when the file is
 * damaged or ends in the middle of a line, and `object-missing` when there is none.
 */
export async function* jsonLinesOf(
  store: ObjectStore,
  key: string,
  options: ReadOptions = {},
): AsyncGenerator<string[]> {
  let rest = '';
  for await (const text of textOf(store, key, options)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') {
    throw damagedLines(key);
  }
}

/** What is thrown for a file of lines that is not what was written. */
export function damagedLines(key: string, cause?: unknown): Failure {
  return new Failure('archive-mismatch', `${key} is damaged`, { subject: key, cause });
}

async function* textOf(
  store: ObjectStore,
  key: string,
  options: ReadOptions,
): AsyncGenerator<string> {
  const { body } = await store.get(key, options);
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  gunzip.setEncoding('utf8');
  const reading = pipeline(Readable.from(body, { objectMode: false }), gunzip);
  // It is awaited at the end; a failure before that must not count as unhandled.
  reading.catch(() => undefined);
  try {
    // With an encoding set, a stream gives text.
    yield* gunzip as AsyncIterable<string>;
    await reading;
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error instanceof Failure ? error : damagedLines(key, error);
  }
}
