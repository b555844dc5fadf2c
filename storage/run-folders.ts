import type { ObjectEntry, ObjectStore, ObjectVersion } from './object-store/port.ts';

/** How much something holds. */
export interface FolderSize {
  readonly objects: number;
  readonly bytes: number;
}

/** The folder of a run, as a listing of its objects shows it. */
export interface RunFolder extends FolderSize {
  readonly name: string;
  /** Versions of the files directly in the folder, by their keys. */
  readonly files: ReadonlyMap<string, ObjectVersion>;
  /** Names of the folders directly in it. */
  readonly folders: ReadonlySet<string>;
  /** What lies below `work/`, by the uid of the run that it is of. */
  readonly work: ReadonlyMap<string, FolderSize>;
}

/**
 * All folders of runs below a prefix, one after the other, in flat memory: servers list the objects of a folder together,
 * whichever order they give folders.
 */
export async function* runFolders(store: ObjectStore, prefix: string): AsyncGenerator<RunFolder> {
  let folder: Filling | undefined;
  for await (const entry of entriesBelow(store, prefix)) {
    const [name = '', ...rest] = entry.key.slice(prefix.length).split('/');
    if (folder !== undefined && folder.name !== name) {
      yield folder;
      folder = undefined;
    }
    folder ??= {
      name,
      objects: 0,
      bytes: 0,
      files: new Map(),
      folders: new Set(),
      work: new Map(),
    };
    add(folder, entry, rest);
  }
  if (folder !== undefined) {
    yield folder;
  }
}

async function* entriesBelow(store: ObjectStore, prefix: string): AsyncGenerator<ObjectEntry> {
  for await (const page of store.list(prefix)) {
    yield* page;
  }
}

interface Filling extends RunFolder {
  objects: number;
  bytes: number;
  readonly files: Map<string, ObjectVersion>;
  readonly folders: Set<string>;
  readonly work: Map<string, FolderSize>;
}

function add(folder: Filling, entry: ObjectEntry, [part = '', uid, ...below]: string[]): void {
  folder.objects += 1;
  folder.bytes += entry.sizeBytes;
  if (uid === undefined) {
    folder.files.set(entry.key, entry.version);
    return;
  }
  folder.folders.add(part);
  if (part === 'work' && below.length > 0) {
    const { objects = 0, bytes = 0 } = folder.work.get(uid) ?? {};
    folder.work.set(uid, { objects: objects + 1, bytes: bytes + entry.sizeBytes });
  }
}

/** How much lies below a prefix now. */
export async function sizeBelow(store: ObjectStore, prefix: string): Promise<FolderSize> {
  let objects = 0;
  let bytes = 0;
  for await (const page of store.list(prefix)) {
    objects += page.length;
    bytes += page.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
  return { objects, bytes };
}
