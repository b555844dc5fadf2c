import { lstat, opendir, unlink } from 'node:fs/promises';

import type { OpenRoot } from './open-root.ts';

const SLASH = Buffer.from('/');

/**
 * Removes every regular file with more than one name from the volume of a restore, where only earlier attempts of the
 * same restore can have written one. Left there, restic 0.19.1 and older would write only the blocks that differ into a
 * new file and leave the rest of it zero. Gives how many names were removed.
 */
export async function removeHardlinks(root: OpenRoot, signal: AbortSignal): Promise<number> {
  const { dev } = await root.handle.stat();
  const descend = async (path: Buffer): Promise<number> => {
    let removed = 0;
    for await (const entry of await opendir(path, { encoding: 'latin1' })) {
      signal.throwIfAborted();
      const below = Buffer.concat([path, SLASH, Buffer.from(entry.name, 'latin1')]);
      const found = await lstat(below);
      if (found.isFile() && found.nlink > 1) {
        await unlink(below);
        removed += 1;
      } else if (found.isDirectory() && found.dev === dev) {
        removed += await descend(below);
      }
    }
    return removed;
  };
  return descend(Buffer.from(root.pinnedPath));
}
