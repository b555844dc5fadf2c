import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What lies in the cache folder, and how long nobody must have touched it to be removed. */
const KEPT = [
  // New repositories, temporary packs and caches of checks whose process was killed.
  { folder: 'tmp', names: /./, keptMs: DAY_MS },
  { folder: 'restic', names: /^restic-check-cache-/, keptMs: DAY_MS },
  // A cache for each repository; restic touches it with every use and never removes one by itself.
  { folder: 'restic', names: /^[0-9a-f]{64}$/, keptMs: 30 * DAY_MS },
  { folder: 'read-back', names: /\.json$/, keptMs: 30 * DAY_MS },
];

/** Removes from the cache folder what nobody uses any more, so that it does not fill the node. */
export async function tidyCache(cacheDir: string): Promise<void> {
  for (const { folder, names, keptMs } of KEPT) {
    const at = join(cacheDir, folder);
    const found = await readdir(at).catch(() => []);
    for (const name of found.filter((entry) => names.test(entry))) {
      const path = join(at, name);
      const touched = await stat(path).catch(() => undefined);
      if (touched !== undefined && Date.now() - touched.mtimeMs > keptMs) {
        await rm(path, { recursive: true, force: true });
      }
    }
  }
}
