/**
 * A storage location in the project's own words. Keys are relative to the location's prefix, with "/" between
 * their parts. Adapters throw `Failure`: `location-unreachable` and `throttled` are worth another attempt,
 * `location-forbidden`, `quota-exceeded`, `object-missing` and `precondition-failed` are not; each names the key as
 * its subject and never quotes a body.
 */
export interface ObjectStore {
  /** Stores a whole object. Done again with the same bytes it leaves the same world. */
  put(key: string, body: Uint8Array, condition?: WriteCondition): Promise<ObjectVersion>;

  /**
   * Stores a stream whose length is not known, in bounded memory; nothing is visible under the key before all
   * of it is stored. An upload that fails or is aborted leaves no part behind.
   */
  upload(
    key: string,
    body: AsyncIterable<Uint8Array>,
    options?: UploadOptions,
  ): Promise<ObjectVersion>;

  /** Joins pieces into one object in their order; pieces of at least 5 MiB are copied by the server. */
  compose(
    key: string,
    pieces: readonly ComposePiece[],
    options?: UploadOptions,
  ): Promise<ObjectVersion>;

  /** Reads an object, or a part of it, as a stream. Throws `object-missing`. */
  get(key: string, options?: ReadOptions): Promise<StoredObject>;

  /** What is known about an object; undefined if there is none. */
  head(key: string): Promise<ObjectEntry | undefined>;

  /**
   * Every object under a prefix, page by page, in the order of the server; with `after`, those that come after this key
   * there. Where a folder ends, and another one's name goes on from its name, servers differ in that order.
   */
  list(prefix: string, after?: string): AsyncIterable<readonly ObjectEntry[]>;

  /**
   * Names directly under a prefix that ends with "/": `backups/` gives `a/`, `b/`. Page by page, in the order of the
   * server; not every one puts `a-b/` before `a/`, as the order of keys would have it. With `after`, which is a prefix
   * and a name without a "/", those whose names are greater; the name itself may be among them.
   */
  listFolders(prefix: string, after?: string): AsyncIterable<readonly string[]>;

  /** Removes objects; those that are not there count as removed. */
  remove(keys: readonly string[]): Promise<void>;

  /**
   * Ends every unfinished upload under a prefix, whoever began it; nothing of it stays. Done again it leaves the
   * same world. A writer that is still at work fails with its next request.
   */
  abortUploads(prefix: string): Promise<void>;

  /** Uploads under a prefix that were begun and not finished; a thousand at most, and no order is promised. */
  listUploads(prefix: string): Promise<UnfinishedUpload[]>;

  /** Ends these uploads, and no others of their keys; those that are not there count as ended. */
  endUploads(uploads: readonly UnfinishedUpload[]): Promise<void>;

  /** Releases connections. */
  close(): void;
}

/** At most one of the two. A write whose condition does not hold throws `precondition-failed`. */
export interface WriteCondition {
  /** Only if there is no object under the key. */
  readonly isNew?: true;
  /** Only if the object is still this version of it. */
  readonly version?: ObjectVersion;
}

export interface UploadOptions {
  readonly condition?: WriteCondition;
  readonly signal?: AbortSignal;
}

export interface ReadOptions {
  /** First byte, and how many. */
  readonly range?: { readonly offset: number; readonly length: number };
  /** Throws `precondition-failed` if the object is another version. */
  readonly version?: ObjectVersion;
  /**
   * The version in which a listing shows the object; undefined if it shows none. Who keeps copies of objects asks for it
   * when there is a copy, and gives that if it is the same version; everybody else reads.
   */
  readonly listed?: () => Promise<ObjectVersion | undefined>;
  readonly signal?: AbortSignal;
}

/** Opaque name of one version of an object: an S3 ETag, or what stands for it. */
export type ObjectVersion = string;

export interface ObjectEntry {
  readonly key: string;
  readonly sizeBytes: number;
  readonly version: ObjectVersion;
  /** When it was written, by the clock of the store, RFC 3339; listings tell. */
  readonly modified?: string;
  /** Until when a lock of the store keeps it, in RFC 3339; only `head` tells, and only to who may know. */
  readonly lockedUntil?: string;
}

/** An upload that was begun, by whomever, and has left parts that no listing of objects shows. */
export interface UnfinishedUpload {
  readonly key: string;
  /** The store's own name of it; each upload of a key has another. */
  readonly uploadId: string;
  /** When it was begun, by the clock of the store, RFC 3339. */
  readonly since: string;
}

export interface StoredObject extends ObjectEntry {
  /** The bytes asked for; to be read to the end or cancelled. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** A piece of an object to be composed: bytes at hand, or a whole object of the same store. */
export type ComposePiece =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'object'; readonly key: string; readonly sizeBytes: number };
