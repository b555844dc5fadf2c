import { constants } from 'node:fs';
import { type FileHandle, lstat, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';

import { Failure } from '../../domain/failure.ts';

/** What makes an ext file system; it is empty unless a repair of the file system found something. */
const LOST_AND_FOUND = 'lost+found';
const LOST_AND_FOUND_MODE = 0o700;
const PERMISSION_BITS = 0o7777;

/**
 * The root directory of a volume, held open, so that walk and engine look at the same directory even when something
 * else is mounted at its path meanwhile.
 */
export interface OpenRoot {
  readonly handle: FileHandle;
  readonly path: string;
  /** A path to the open directory itself, for this process and those that it starts. */
  readonly pinnedPath: string;
  /** Names in the root that no copy holds: an empty `lost+found` of the file system itself. */
  readonly leftOut: readonly string[];
  close(): Promise<void>;
}

/** Opens the root directory of a volume. Throws `volume-unreadable`. */
export async function openRoot(path: string): Promise<OpenRoot> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    const text = 'the directory of the volume cannot be opened on its node';
    throw new Failure('volume-unreadable', text, { cause: error });
  }
  const pinnedPath = `/proc/${String(process.pid)}/fd/${String(handle.fd)}`;
  try {
    const leftOut = (await isEmptyLostAndFound(pinnedPath)) ? [LOST_AND_FOUND] : [];
    return { handle, path, pinnedPath, leftOut, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether there is something in the root that an engine copies. Sockets are never copied. */
export async function holdsAnything(root: OpenRoot): Promise<boolean> {
  for await (const entry of await opendir(root.pinnedPath)) {
    if (!entry.isSocket() && !root.leftOut.includes(entry.name)) {
      return true;
    }
  }
  return false;
}

async function isEmptyLostAndFound(root: string): Promise<boolean> {
  const path = join(root, LOST_AND_FOUND);
  try {
    const { uid, mode } = await lstat(path);
    if (uid !== 0 || (mode & PERMISSION_BITS) !== LOST_AND_FOUND_MODE) {
      return false;
    }
    const directory = await opendir(path);
    const first = await directory.read();
    await directory.close();
    return first === null;
  } catch {
    // There is none, or it is no directory.
    return false;
  }
}
