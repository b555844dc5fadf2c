import { setTimeout as sleep } from 'node:timers/promises';

import { Failure, type FailureReport } from '../domain/failure.ts';
import {
  DEFAULT_LOCATION,
  findLocation,
  type KeptLocation,
  type StorageLocation,
} from '../domain/storage-location.ts';
import { openObjectStore } from './object-store/open.ts';
import type { ObjectStore } from './object-store/port.ts';

/** How old what is known of locations may be that can change; past it, they are read again while the old is used. */
const FRESH_MS = 5000;
/** How long a request waits for that. */
const ANSWER_MS = 2000;

/** Where locations are kept that come and go while a process runs. */
export interface LocationSource {
  list(): Promise<readonly KeptLocation[]>;
}

interface LocationSetOptions {
  /** Those of the configuration, which never change. */
  readonly fixed: readonly StorageLocation[];
  readonly source?: LocationSource;
  readonly open?: (location: StorageLocation) => ObjectStore;
}

interface Opened {
  readonly location: StorageLocation;
  readonly store: ObjectStore;
}

/**
 * The storage locations that a process knows: those of its configuration, and those that are kept elsewhere. Of two with
 * one name the configured one counts.
 */
export class LocationSet {
  readonly #fixed: readonly StorageLocation[];
  readonly #source: LocationSource | undefined;
  readonly #open: (location: StorageLocation) => ObjectStore;
  readonly #opened = new Map<string, Opened>();
  #kept: readonly KeptLocation[] = [];
  #readAtMs = -Infinity;
  #reading: Promise<boolean> | undefined;

  constructor({ fixed, source, open = openObjectStore }: LocationSetOptions) {
    this.#fixed = fixed;
    this.#source = source;
    this.#open = open;
  }

  /** All that can be used, those of the configuration first. */
  get all(): readonly StorageLocation[] {
    return [...this.#fixed, ...this.kept.flatMap(({ location }) => location ?? [])];
  }

  /** Those that are not of the configuration, also what cannot be used. */
  get kept(): readonly KeptLocation[] {
    return this.#kept.filter(({ name }) => !this.isFixed(name));
  }

  /** The one that is meant where none is named. */
  get defaultName(): string {
    return this.kept.find(({ isDefault }) => isDefault)?.name ?? DEFAULT_LOCATION;
  }

  isFixed(name: string): boolean {
    return this.#fixed.some((location) => location.name === name);
  }

  /** A location by name. Throws `unknown-location`, and what is wrong with one that cannot be used. */
  find(name: string): StorageLocation {
    if (!this.isFixed(name) && this.#isStale) {
      // What cannot be read now is what is known still.
      this.refresh().catch(() => undefined);
    }
    const problem = this.kept.find((location) => location.name === name)?.problem;
    if (problem !== undefined) {
      throw failureOf(problem);
    }
    return findLocation(this.all, name);
  }

  /** The store of a location, opened once as long as the location stays as it is. Throws as `find` does. */
  store(name: string): ObjectStore {
    const location = this.find(name);
    const opened = this.#opened.get(name);
    if (opened?.location === location) {
      return opened.store;
    }
    // The store before it may be in use; its connections end by themselves.
    const store = this.#open(location);
    this.#opened.set(name, { location, store });
    return store;
  }

  /**
   * Reads the kept ones again; whether something has changed. Throws what the source throws. What was written before the
   * call is seen: a reading that is under way may have begun before that, and is not the one that counts.
   */
  async refresh(): Promise<boolean> {
    // Whoever asks was told before it what is not there, so what it finds is a change to them as well.
    const hasChanged = (await this.#reading?.catch(() => false)) ?? false;
    return (await this.#joinReading()) || hasChanged;
  }

  /**
   * Reads the kept ones again where they are not fresh, or where one is asked for that is not known. Without an answer
   * in time, what was known counts.
   */
  async freshen(name?: string): Promise<void> {
    const isUnknown = name !== undefined && this.#source !== undefined && !this.#isKnown(name);
    if (this.#isStale || isUnknown) {
      const answer = this.#joinReading().catch(() => undefined);
      await Promise.race([answer, sleep(ANSWER_MS, undefined, { ref: false })]);
    }
  }

  #joinReading(): Promise<boolean> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  #isKnown(name: string): boolean {
    return this.isFixed(name) || this.#kept.some((kept) => kept.name === name);
  }

  get #isStale(): boolean {
    return this.#source !== undefined && performance.now() - this.#readAtMs > FRESH_MS;
  }

  async #read(): Promise<boolean> {
    if (this.#source === undefined) {
      return false;
    }
    // Counts from the question: a source that does not answer is not asked with every request.
    this.#readAtMs = performance.now();
    const read = await this.#source.list();
    const old = new Map(this.#kept.map((kept) => [kept.name, kept]));
    // One that has not changed stays the same location, and so does its store; its health may be another.
    const next = read.map((kept) => {
      const { version, location } = old.get(kept.name) ?? {};
      return version === kept.version && location !== undefined ? { ...kept, location } : kept;
    });
    const hasChanged =
      next.length !== old.size ||
      next.some(({ name, version }) => old.get(name)?.version !== version);
    this.#kept = next;
    return hasChanged;
  }
}

function failureOf({ code, message, subject }: FailureReport): Failure {
  return new Failure(code, message, subject === undefined ? {} : { subject });
}
