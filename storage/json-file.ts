import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import { Failure } from '../domain/failure.ts';
import type { ObjectStore } from './object-store/port.ts';
import { readAll } from './object-store/read-all.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Writes a value as compressed JSON; the same value gives the same bytes. */
export async function writeJsonGz(store: ObjectStore, key: string, value: unknown): Promise<void> {
  await store.put(key, await gzipText(JSON.stringify(value)));
}

/** Reads compressed JSON. Throws `archive-mismatch` when it is not what was written. */
export async function readJsonGz(store: ObjectStore, key: string): Promise<unknown> {
  const bytes = await readAll(store, key);
  try {
    return JSON.parse((await decompress(bytes)).toString('utf8'));
  } catch (error) {
    throw new Failure('archive-mismatch', `${key} is damaged`, { subject: key, cause: error });
  }
}

/** The same, or undefined when nothing is stored there. */
export async function readJsonGzIfThere(store: ObjectStore, key: string): Promise<unknown> {
  try {
    return await readJsonGz(store, key);
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return undefined;
    }
    throw error;
  }
}

/** A text, compressed. Node writes no time into the header, so equal texts give equal bytes. */
export function gzipText(text: string): Promise<Buffer> {
  return compress(text);
}
