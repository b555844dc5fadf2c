import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type {
  ComposePiece,
  ObjectEntry,
  ObjectStore,
  ObjectVersion,
  ReadOptions,
  StoredObject,
  UnfinishedUpload,
  UploadOptions,
  WriteCondition,
} from './object-store/port.ts';
import { gather } from './object-store/read-all.ts';

/** What all copies of a process take at most, in bytes; about those of 20,000 backups. */
export const KEPT_BYTES_MAX = 32 * 1024 * 1024;
/** An object that is larger is no record, and is not kept. */
const RECORD_BYTES_MAX = 256 * 1024;
/** What a copy takes beside its bytes. */
const COPY_BYTES = 300;
/** Records are text, of which this leaves a third, and hardly costs time. */
const FASTEST = { level: 1 };

/**
 * Gives stores that keep copies of the records which they read. A copy is given only to who can tell the version in which
 * a listing shows the record (`ReadOptions.listed`), and only of that version: what others write is seen with the
 * listing. What was used longest ago goes when there is no more room.
 */
export function keepRecords(
  stores: (location: string) => ObjectStore,
  bytesMax: number,
): (location: string) => ObjectStore {
  const copies = new Copies(bytesMax);
  const keeping = new WeakMap<ObjectStore, ObjectStore>();
  let opened = 0;
  return (location) => {
    const store = stores(location);
    const known = keeping.get(store) ?? new KeepingStore(store, copies, `${String(++opened)}:`);
    keeping.set(store, known);
    return known;
  };
}

interface Copy {
  readonly version: ObjectVersion;
  readonly packed: Uint8Array;
}

/** Copies in the order of their last use. */
class Copies {
  readonly #bytesMax: number;
  readonly #copies = new Map<string, Copy>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(id: string): Copy | undefined {
    const copy = this.#copies.get(id);
    if (copy !== undefined) {
      this.#copies.delete(id);
      this.#copies.set(id, copy);
    }
    return copy;
  }

  set(id: string, version: ObjectVersion, bytes: Uint8Array): void {
    this.drop(id);
    // The packed bytes lie in a large buffer, which must not be kept with them.
    const packed = new Uint8Array(deflateRawSync(bytes, FASTEST));
    this.#copies.set(id, { version, packed });
    this.#bytes += sizeOf(id, packed);
    for (const oldest of this.#copies.keys()) {
      if (this.#bytes <= this.#bytesMax) {
        break;
      }
      this.drop(oldest);
    }
  }

  drop(id: string): void {
    const copy = this.#copies.get(id);
    if (copy !== undefined) {
      this.#copies.delete(id);
      this.#bytes -= sizeOf(id, copy.packed);
    }
  }
}

function sizeOf(id: string, packed: Uint8Array): number {
  return id.length + packed.length + COPY_BYTES;
}

class KeepingStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #copies: Copies;
  readonly #id: string;

  constructor(store: ObjectStore, copies: Copies, id: string) {
    this.#store = store;
    this.#copies = copies;
    this.#id = id;
  }

  async get(key: string, options: ReadOptions = {}): Promise<StoredObject> {
    if (options.listed === undefined) {
      return this.#store.get(key, options);
    }
    const id = `${this.#id}${key}`;
    const copy = this.#copies.get(id);
    if (copy !== undefined) {
      if ((await options.listed()) === copy.version) {
        return stored(key, copy.version, inflateRawSync(copy.packed));
      }
      this.#copies.drop(id);
    }
    const object = await this.#store.get(key, options);
    if (object.sizeBytes > RECORD_BYTES_MAX) {
      return object;
    }
    const bytes = await gather(object);
    this.#copies.set(id, object.version, bytes);
    return stored(key, object.version, bytes);
  }

  put(key: string, body: Uint8Array, condition?: WriteCondition): Promise<ObjectVersion> {
    return this.#store.put(key, body, condition);
  }

  upload(
    key: string,
    body: AsyncIterable<Uint8Array>,
    options?: UploadOptions,
  ): Promise<ObjectVersion> {
    return this.#store.upload(key, body, options);
  }

  compose(
    key: string,
    pieces: readonly ComposePiece[],
    options?: UploadOptions,
  ): Promise<ObjectVersion> {
    return this.#store.compose(key, pieces, options);
  }

  head(key: string): Promise<ObjectEntry | undefined> {
    return this.#store.head(key);
  }

  list(prefix: string, after?: string): AsyncIterable<readonly ObjectEntry[]> {
    return this.#store.list(prefix, after);
  }

  listFolders(prefix: string, after?: string): AsyncIterable<readonly string[]> {
    return this.#store.listFolders(prefix, after);
  }

  remove(keys: readonly string[]): Promise<void> {
    return this.#store.remove(keys);
  }

  abortUploads(prefix: string): Promise<void> {
    return this.#store.abortUploads(prefix);
  }

  listUploads(prefix: string): Promise<UnfinishedUpload[]> {
    return this.#store.listUploads(prefix);
  }

  endUploads(uploads: readonly UnfinishedUpload[]): Promise<void> {
    return this.#store.endUploads(uploads);
  }

  close(): void {
    this.#store.close();
  }
}

function stored(key: string, version: ObjectVersion, bytes: Uint8Array): StoredObject {
  return { key, version, sizeBytes: bytes.length, body: chunks(bytes) };
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
