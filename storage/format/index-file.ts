import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';

import type { IndexLine } from '../../domain/backup-index.ts';
import { Failure } from '../../domain/failure.ts';
import type { ObjectStore, ReadOptions } from '../object-store/port.ts';

const compress = promisify(gzip);

/** Lines of one gzip member of an index. */
const MEMBER_LINES = 1000;
/** Lines of one batch when an index is read. */
const BATCH_LINES = 1000;

/** Writes lines of JSON as independent gzip members. */
export async function* encodeIndex(
  batches: AsyncIterable<readonly IndexLine[]>,
): AsyncGenerator<Buffer> {
  let texts: string[] = [];
  for await (const batch of batches) {
    for (const line of batch) {
      texts.push(JSON.stringify(line));
      if (texts.length === MEMBER_LINES) {
        yield await compress(`${texts.join('\n')}\n`);
        texts = [];
      }
    }
  }
  // An index without items is a file that says so, and not a file of no bytes.
  yield await compress(texts.length === 0 ? '' : `${texts.join('\n')}\n`);
}

/**
 * Reads an index in batches, in bounded memory. Throws `archive-mismatch` when it is damaged or ends early, and
 * `object-missing` when there is none.
 */
export async function* readIndex(
  store: ObjectStore,
  key: string,
  options: ReadOptions = {},
): AsyncGenerator<IndexLine[]> {
  let rest = '';
  let batch: IndexLine[] = [];
  for await (const text of textOf(store, key, options)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      batch.push(parseLine(line, key));
      if (batch.length === BATCH_LINES) {
        yield batch;
        batch = [];
      }
    }
  }
  if (rest !== '') {
    throw damaged(key);
  }
  yield batch;
}

/** Lines at hand as the stream that `encodeIndex` takes. */
export async function* oneBatch(lines: readonly IndexLine[]): AsyncGenerator<readonly IndexLine[]> {
  yield await Promise.resolve(lines);
}

async function* textOf(
  store: ObjectStore,
  key: string,
  options: ReadOptions,
): AsyncGenerator<string> {
  const { body } = await store.get(key, options);
  const gunzip = createGunzip();
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
    throw error instanceof Failure ? error : damaged(key, error);
  }
}

function parseLine(text: string, key: string): IndexLine {
  try {
    // What the fields say is compared with the archive by whoever uses them.
    const line = JSON.parse(text) as IndexLine;
    if (typeof line.name === 'string' && typeof line.member.offset === 'number') {
      return line;
    }
  } catch (error) {
    throw damaged(key, error);
  }
  throw damaged(key);
}

function damaged(key: string, cause?: unknown): Failure {
  return new Failure('archive-mismatch', `the index ${key} is damaged`, { subject: key, cause });
}
