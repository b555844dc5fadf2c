import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';

import type { WalkCounts } from '../../domain/volumes/proof.ts';
import type { OpenRoot } from './open-root.ts';

/** Entries that are looked at together; also what is held of one directory at a time. */
const BATCH = 64;
/** Clocks of a file system run behind, some by a tick and some by more; what is this near counts as changed. */
const CLOCK_MARGIN_MS = 1000;
/** Errors that mean an entry is gone. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ESTALE']);
const SLASH = Buffer.from('/');

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** When the copy began. */
  readonly since: Date;
}

type Counter = { -readonly [Name in keyof WalkCounts]: number };

/**
 * Counts what is in a volume, from its open root, within its own file system, as a copy would find it: a mount within is
 * an empty directory. Holds a few entries of each level at a time; never blocks the process.
 */
export async function walkVolume(root: OpenRoot, options: WalkOptions): Promise<WalkCounts> {
  const own = await root.handle.stat();
  const walk = new Walk(own.dev, options);
  walk.lookAt(own);
  await walk.descend(Buffer.from(root.pinnedPath), root.leftOut);
  const { files, directories, ...counts } = walk.counts;
  // The root itself is in no copy.
  return { ...counts, files, directories: directories - 1 };
}

class Walk {
  readonly counts: Counter = {
    ...{ files: 0, bytes: 0, stableFiles: 0, stableBytes: 0, changed: 0 },
    ...{
      directories: 0,
      symlinks: 0,
      sockets: 0,
      others: 0,
      mounts: 0,
      vanished: 0,
      unreadable: 0,
    },
  };
  readonly #device: number;
  readonly #signal: AbortSignal;
  readonly #sinceMs: number;

  constructor(device: number, { signal, since }: WalkOptions) {
    this.#device = device;
    this.#signal = signal;
    this.#sinceMs = since.getTime() - CLOCK_MARGIN_MS;
  }

  async descend(path: Buffer, leftOut: readonly string[]): Promise<void> {
    try {
      let batch: Buffer[] = [];
      // A name may be any bytes, and latin1 is the encoding that keeps them.
      for await (const { name } of await opendir(path, { encoding: 'latin1', bufferSize: BATCH })) {
        if (leftOut.includes(name)) {
          continue;
        }
        batch.push(Buffer.concat([path, SLASH, Buffer.from(name, 'latin1')]));
        if (batch.length === BATCH) {
          await this.#lookAtAll(batch);
          batch = [];
        }
      }
      await this.#lookAtAll(batch);
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#missed(error);
    }
  }

  /** Counts an entry. */
  lookAt(entry: Stats): void {
    // A change of content, owner or mode moves this time, and no program can set it.
    const isChanged = entry.ctimeMs >= this.#sinceMs;
    this.counts.changed += isChanged ? 1 : 0;
    if (entry.isFile()) {
      this.counts.files += 1;
      this.counts.bytes += entry.size;
      this.counts.stableFiles += isChanged ? 0 : 1;
      this.counts.stableBytes += isChanged ? 0 : entry.size;
    } else {
      this.counts[kindOf(entry)] += 1;
    }
  }

  async #lookAtAll(paths: readonly Buffer[]): Promise<void> {
    this.#signal.throwIfAborted();
    const entries = await Promise.all(paths.map((path) => this.#stat(path)));
    for (const [index, path] of paths.entries()) {
      await this.#take(path, entries[index]);
    }
  }

  async #take(path: Buffer, entry: Stats | undefined): Promise<void> {
    if (entry === undefined) {
      return;
    }
    const isWithin = entry.dev === this.#device;
    if (isWithin || entry.isDirectory()) {
      this.lookAt(entry);
    }
    if (!isWithin) {
      this.counts.mounts += 1;
    } else if (entry.isDirectory()) {
      await this.descend(path, []);
    }
  }

  async #stat(path: Buffer): Promise<Stats | undefined> {
    try {
      return await lstat(path);
    } catch (error) {
      this.#missed(error);
      return undefined;
    }
  }

  #missed(error: unknown): void {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) {
      throw error;
    }
    const isGone = GONE.has(code);
    this.counts[isGone ? 'vanished' : 'unreadable'] += 1;
  }
}

function kindOf(entry: Stats): 'directories' | 'symlinks' | 'sockets' | 'others' {
  if (entry.isDirectory()) {
    return 'directories';
  }
  if (entry.isSymbolicLink()) {
    return 'symlinks';
  }
  return entry.isSocket() ? 'sockets' : 'others';
}
