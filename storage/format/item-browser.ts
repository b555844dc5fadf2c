import pLimit from 'p-limit';

import type { ObjectStore, ObjectVersion } from '../object-store/port.ts';
import {
  type BackupIndex,
  type HeldIndex,
  holdIndex,
  type StoredIndex,
  streamedIndex,
} from './held-index.ts';

/** Bytes of all indexes that are held. */
const HELD_BYTES_MAX = 128 * 1024 * 1024;
/** Bytes of one index that is held. A larger one is read anew each time, in bounded memory. */
const INDEX_BYTES_MAX = 64 * 1024 * 1024;
/** Indexes that are read into memory at the same time. */
const READS_IN_FLIGHT = 2;

/** Limits in bytes; those of an API process when left out. */
export interface BrowserLimits {
  readonly heldBytesMax?: number;
  readonly indexBytesMax?: number;
}

/** A backup whose index is opened: its location has a name, because stores have none. */
export interface BrowsedBackup {
  readonly location: string;
  readonly index: StoredIndex;
}

interface Entry {
  readonly version: ObjectVersion;
  /** Undefined when the index is too large to be held. */
  readonly held: Promise<HeldIndex | undefined>;
  sizeBytes: number;
}

/** Opens indexes of backups, and holds those that were opened last until they are another version in the store. */
export class ItemBrowser {
  readonly #heldBytesMax: number;
  readonly #indexBytesMax: number;
  /** By location and key; what was used last stands last. */
  readonly #entries = new Map<string, Entry>();
  readonly #reads = pLimit(READS_IN_FLIGHT);

  constructor({
    heldBytesMax = HELD_BYTES_MAX,
    indexBytesMax = INDEX_BYTES_MAX,
  }: BrowserLimits = {}) {
    this.#heldBytesMax = heldBytesMax;
    this.#indexBytesMax = indexBytesMax;
  }

  /** Whether this very version was opened before and is remembered. */
  knows(backup: BrowsedBackup): boolean {
    return this.#entries.get(idOf(backup))?.version === backup.index.version;
  }

  /** Opens an index, reading it if need be. Throws like `holdIndex`. */
  async open(store: ObjectStore, backup: BrowsedBackup): Promise<BackupIndex> {
    const id = idOf(backup);
    const known = this.knows(backup) ? this.#entries.get(id) : undefined;
    const entry = known ?? this.#read(store, backup);
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return (await entry.held) ?? streamedIndex(store, backup.index);
  }

  #read(store: ObjectStore, backup: BrowsedBackup): Entry {
    const { index } = backup;
    const held = this.#reads(() => holdIndex(store, index, this.#indexBytesMax));
    const entry: Entry = { version: index.version, held, sizeBytes: 0 };
    held.then(
      (read) => {
        entry.sizeBytes = read?.sizeBytes ?? 0;
        this.#evict();
      },
      () => {
        this.#forget(idOf(backup), entry);
      },
    );
    return entry;
  }

  #forget(id: string, entry: Entry): void {
    if (this.#entries.get(id) === entry) {
      this.#entries.delete(id);
    }
  }

  #evict(): void {
    let bytes = [...this.#entries.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const [id, { sizeBytes }] of this.#entries) {
      if (bytes <= this.#heldBytesMax) {
        return;
      }
      bytes -= sizeBytes;
      this.#entries.delete(id);
    }
  }
}

function idOf({ location, index }: BrowsedBackup): string {
  return `${location}/${index.key}`;
}
