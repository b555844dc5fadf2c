import { randomBytes } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { compareText } from '../../domain/compare-text.ts';
import { recordTime } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import type { FolderLocation } from '../../domain/storage-location.ts';
import { folderFailure } from './errors.ts';
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
} from './port.ts';

/**
 * Where unfinished files lie: on the file system of the rest, so that a rename is atomic; below `metadata/`, because
 * Velero refuses a location with a top folder that it does not know; hidden from listings.
 */
const UNFINISHED = 'metadata/holdfast/unfinished/';
/** Longest beginning of a key in the name of its unfinished file: with the random end it is a file name. */
const UNFINISHED_CHARS_MAX = 240;
const UNFINISHED_RANDOM_BYTES = 6;
const PAGE_SIZE = 1000;

/** A storage location in a folder of this machine. */
export function createFolderStore(location: FolderLocation): ObjectStore {
  return new FolderStore(location.path);
}

class FolderStore implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  put(key: string, body: Uint8Array, condition?: WriteCondition): Promise<ObjectVersion> {
    return this.#write(key, [body], condition);
  }

  upload(
    key: string,
    body: AsyncIterable<Uint8Array>,
    options: UploadOptions = {},
  ): Promise<ObjectVersion> {
    return this.#write(key, body, options.condition);
  }

  compose(
    key: string,
    pieces: readonly ComposePiece[],
    options: UploadOptions = {},
  ): Promise<ObjectVersion> {
    return this.#write(key, this.#bytesOf(pieces), options.condition);
  }

  async get(key: string, options: ReadOptions = {}): Promise<StoredObject> {
    const path = this.#path(key);
    try {
      const stats = await stat(path);
      const version = versionOf(stats);
      if (options.version !== undefined && options.version !== version) {
        throw changed(key);
      }
      const { range, signal } = options;
      const bounds =
        range === undefined ? {} : { start: range.offset, end: range.offset + range.length - 1 };
      const body = createReadStream(path, { ...bounds, signal, highWaterMark: 1024 * 1024 });
      return { key, sizeBytes: stats.size, version, body: translated(body, key) };
    } catch (error) {
      throw folderFailure(error, 'read', key);
    }
  }

  async head(key: string): Promise<ObjectEntry | undefined> {
    try {
      const stats = await stat(this.#path(key));
      const modified = recordTime(stats.mtimeMs);
      return { key, sizeBytes: stats.size, version: versionOf(stats), modified };
    } catch (error) {
      const failure = folderFailure(error, 'look at', key);
      if (failure.code === 'object-missing') {
        return undefined;
      }
      throw failure;
    }
  }

  async *list(prefix: string, after = ''): AsyncGenerator<readonly ObjectEntry[]> {
    let page: ObjectEntry[] = [];
    for await (const key of this.#walk(prefix.slice(0, prefix.lastIndexOf('/') + 1))) {
      const entry = key.startsWith(prefix) && key > after ? await this.head(key) : undefined;
      if (entry !== undefined) {
        page.push(entry);
      }
      if (page.length === PAGE_SIZE) {
        yield page;
        page = [];
      }
    }
    if (page.length > 0) {
      yield page;
    }
  }

  async *listFolders(prefix: string, after = ''): AsyncGenerator<readonly string[]> {
    const entries = await this.#entries(prefix);
    const folders = entries.filter(({ name, isFolder }) => isFolder && `${prefix}${name}` > after);
    yield folders.map(({ name }) => `${name}/`);
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const path = this.#path(key);
      try {
        await rm(path, { force: true });
      } catch (error) {
        throw folderFailure(error, 'remove', key);
      }
      await this.#removeEmptyFolders(dirname(path));
    }
  }

  async abortUploads(prefix: string): Promise<void> {
    const folder = join(this.#root, UNFINISHED);
    const start = encodeURIComponent(prefix);
    try {
      const names = await namesIn(folder);
      const some = names.filter((name) => name.startsWith(start));
      await Promise.all(some.map((name) => rm(join(folder, name), { force: true })));
    } catch (error) {
      throw folderFailure(error, 'end the uploads under', prefix);
    }
  }

  async listUploads(prefix: string): Promise<UnfinishedUpload[]> {
    const folder = join(this.#root, UNFINISHED);
    const start = encodeURIComponent(prefix);
    try {
      const names = (await namesIn(folder)).filter((name) => name.startsWith(start));
      const found = await Promise.all(
        names.slice(0, PAGE_SIZE).map(async (uploadId) => {
          const mtimeMs = await writtenMs(join(folder, uploadId));
          return mtimeMs === undefined
            ? undefined
            : { key: unfinishedKey(uploadId), uploadId, since: recordTime(mtimeMs) };
        }),
      );
      return found.filter((upload) => upload !== undefined);
    } catch (error) {
      throw folderFailure(error, 'list the uploads under', prefix);
    }
  }

  async endUploads(uploads: readonly UnfinishedUpload[]): Promise<void> {
    for (const { uploadId, key } of uploads) {
      try {
        await rm(join(this.#root, UNFINISHED, uploadId), { force: true });
      } catch (error) {
        throw folderFailure(error, 'end an upload of', key);
      }
    }
  }

  close(): void {
    // A folder has no connections.
  }

  async #write(
    key: string,
    body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    condition?: WriteCondition,
  ): Promise<ObjectVersion> {
    const path = this.#path(key);
    const unfinished = join(this.#root, UNFINISHED, unfinishedName(key));
    try {
      await mkdir(dirname(unfinished), { recursive: true });
      await writeDurably(unfinished, body);
      const version = versionOf(await stat(unfinished));
      await this.#publish({ unfinished, path, key }, condition);
      return version;
    } catch (error) {
      throw folderFailure(error, 'write', key);
    } finally {
      // The failure of the write is what counts.
      await rm(unfinished, { force: true }).catch(() => undefined);
    }
  }

  async #publish(
    file: { unfinished: string; path: string; key: string },
    condition: WriteCondition | undefined,
  ): Promise<void> {
    await mkdir(dirname(file.path), { recursive: true });
    if (condition?.isNew === true) {
      // A link fails when the name is taken, which a rename does not.
      await link(file.unfinished, file.path);
      return;
    }
    if (condition?.version !== undefined) {
      const entry = await this.head(file.key);
      if (entry?.version !== condition.version) {
        throw changed(file.key);
      }
    }
    await rename(file.unfinished, file.path);
  }

  async *#bytesOf(pieces: readonly ComposePiece[]): AsyncGenerator<Uint8Array> {
    for (const piece of pieces) {
      if (piece.kind === 'bytes') {
        yield piece.bytes;
      } else {
        yield* (await this.get(piece.key)).body;
      }
    }
  }

  async *#walk(prefix: string): AsyncGenerator<string> {
    for (const { name, isFolder } of await this.#entries(prefix)) {
      if (isFolder) {
        yield* this.#walk(`${prefix}${name}/`);
      } else {
        yield `${prefix}${name}`;
      }
    }
  }

  async #entries(prefix: string): Promise<{ name: string; isFolder: boolean }[]> {
    try {
      const entries = await readdir(this.#path(prefix), { withFileTypes: true });
      return entries
        .filter(({ name }) => `${prefix}${name}/` !== UNFINISHED)
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
        .sort((left, right) => compareText(sortName(left), sortName(right)));
    } catch (error) {
      const failure = folderFailure(error, 'list', prefix);
      if (failure.code === 'object-missing') {
        return [];
      }
      throw failure;
    }
  }

  async #removeEmptyFolders(folder: string): Promise<void> {
    for (let path = folder; path.length > this.#root.length; path = dirname(path)) {
      try {
        await rmdir(path);
      } catch {
        // It is not empty, or another removal was faster: either way it is not ours to remove.
        return;
      }
    }
  }

  #path(key: string): string {
    const parts = key.split('/');
    if (parts.includes('..') || key.startsWith('/') || key.startsWith(UNFINISHED)) {
      throw new Failure('internal', `the key ${key} leaves the storage location`);
    }
    return join(this.#root, key);
  }
}

/** The key itself, so that the unfinished files of a prefix are found, and an end that no other attempt has. */
function unfinishedName(key: string): string {
  const start = encodeURIComponent(key).slice(0, UNFINISHED_CHARS_MAX);
  return `${start}.${randomBytes(UNFINISHED_RANDOM_BYTES).toString('hex')}`;
}

/** The key that an unfinished file is of; of a long one its beginning. */
function unfinishedKey(name: string): string {
  const start = name.slice(0, name.lastIndexOf('.'));
  try {
    return decodeURIComponent(start);
  } catch {
    // It was cut within an escape sequence.
    return decodeURIComponent(start.replace(/(%[0-9A-F]?[0-9A-F]?)+$/, ''));
  }
}

/** When a file was written last; undefined for one that was finished meanwhile. */
async function writtenMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

async function writeDurably(
  path: string,
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for await (const chunk of body) {
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function* translated(
  body: AsyncIterable<Uint8Array>,
  key: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw folderFailure(error, 'read', key);
  }
}

/** Changes with every write, because each write makes a new file. */
function versionOf(stats: Stats): ObjectVersion {
  return `${String(stats.ino)}-${String(stats.size)}-${String(stats.mtimeMs)}`;
}

function changed(key: string): Failure {
  return new Failure('precondition-failed', `${key} is not the expected version`, { subject: key });
}

/** A folder sorts as its keys do, that is, with the slash that they have. */
function sortName({ name, isFolder }: { name: string; isFolder: boolean }): string {
  return isFolder ? `${name}/` : name;
}
