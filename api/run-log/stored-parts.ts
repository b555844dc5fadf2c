import type { ObjectStore } from '../../storage/object-store/port.ts';
import {
  listLogParts,
  type LogPlace,
  readLogPart,
  type StoredLogPart,
} from '../../storage/run-log/log-parts.ts';
import { SharedLooks } from '../runs/shared-looks.ts';

/** Parts that are kept, of 256 KiB at most each and mostly of much less. */
const KEPT_PARTS_MAX = 100;
/** How old a listing may be: the phases, which are looked at before it, would come too early else. */
const FRESH_MS = 1000;

/** The parts of the logs of runs under way, for all who follow them: a listing a second, and each part read once. */
export class StoredParts {
  readonly #store: (location: string) => ObjectStore;
  readonly #lists = new SharedLooks<readonly StoredLogPart[]>(() => true);
  readonly #parts = new Map<string, Promise<readonly string[]>>();

  constructor(store: (location: string) => ObjectStore) {
    this.#store = store;
  }

  list(location: string, place: LogPlace): Promise<readonly StoredLogPart[]> {
    const id = `${location} ${place.folder} ${place.runUid}`;
    const list = (): Promise<StoredLogPart[]> => listLogParts(this.#store(location), place);
    return this.#lists.look(id, list, performance.now() - FRESH_MS);
  }

  /** A part is written once, under a name that no other part has. */
  read(location: string, key: string): Promise<readonly string[]> {
    const id = `${location} ${key}`;
    const known = this.#parts.get(id);
    if (known !== undefined) {
      return known;
    }
    const reading = readLogPart(this.#store(location), key);
    this.#parts.set(id, reading);
    reading.catch(() => this.#parts.delete(id));
    const [oldest] = this.#parts.keys();
    if (this.#parts.size > KEPT_PARTS_MAX && oldest !== undefined) {
      this.#parts.delete(oldest);
    }
    return reading;
  }
}
