import { Failure } from '../domain/failure.ts';
import type { LocationCheck, LocationCheckName } from '../domain/location-check.ts';
import type { locationCheckKeys } from '../domain/object-key.ts';
import type { ObjectStore } from './object-store/port.ts';
import { readAll } from './object-store/read-all.ts';
import type { S3Probe } from './object-store/s3-probe.ts';

/** What the operations of a check work with. */
export interface CheckContext {
  readonly store: ObjectStore;
  /** Undefined for a folder. */
  readonly s3: S3Probe | undefined;
  readonly keys: ReturnType<typeof locationCheckKeys>;
}

/** One operation: which others it builds upon, and how it is tried. */
export interface CheckOperation {
  readonly needs: readonly LocationCheckName[];
  /** Throws `Failure`; answers what there is to say beside "ok". */
  readonly run: (context: CheckContext, signal: AbortSignal) => Promise<CheckAnswer | undefined>;
}

type CheckAnswer = Pick<LocationCheck, 'reason' | 'offsetSeconds'>;

/** Clocks that differ by more make TTLs and schedules hard to follow; S3 itself refuses requests at 15 minutes. */
const CLOCK_OFFSET_SECONDS_MAX = 60;
const TEXT = Buffer.from('This file of a check by Holdfast can be removed.\n');
const RANGE = { offset: 5, length: 4 };
const CHUNK_BYTES = 1024 * 1024;
/** More than what a store copies by itself, and so at least two parts of an upload. */
const LARGE_CHUNKS = 17;
const LARGE_BYTES = LARGE_CHUNKS * CHUNK_BYTES;
const NOT_OF_A_FOLDER = { reason: 'a folder has nothing of the kind' };

/**
 * What is large, or may leave an upload behind, comes after the operation that removes it: a location that nothing can
 * be removed from keeps some small files of a check at most.
 */
export const CHECK_OPERATIONS: Readonly<Record<LocationCheckName, CheckOperation>> = {
  put: {
    needs: [],
    run: async ({ store, s3, keys }) => {
      await s3?.requireBucket();
      await store.put(keys.plain, TEXT);
    },
  },
  get: {
    needs: ['put'],
    run: async ({ store, keys }, signal) => {
      requireSame(keys.plain, TEXT, await readAll(store, keys.plain, { signal }));
    },
  },
  'range-get': {
    needs: ['put'],
    run: async ({ store, keys }, signal) => {
      const bytes = await readAll(store, keys.plain, { range: RANGE, signal });
      requireSame(keys.plain, TEXT.subarray(RANGE.offset, RANGE.offset + RANGE.length), bytes);
    },
  },
  head: { needs: ['put'], run: lookAtPlain },
  list: { needs: ['put'], run: listPlain },
  'list-folders': {
    needs: ['put'],
    run: async ({ store, keys }) => {
      const names: string[] = [];
      for await (const page of store.listFolders(keys.folder)) {
        names.push(...page);
      }
      requireListed(names.includes('files/'), keys.folder);
    },
  },
  delete: {
    needs: ['put'],
    run: async ({ store, keys: { removed } }) => {
      await store.put(removed, TEXT);
      await store.remove([removed]);
      const entry = await store.head(removed).catch(() => undefined);
      if (entry !== undefined) {
        throw mismatch(removed, 'is still there after it was removed');
      }
    },
  },
  'multipart-upload': {
    needs: ['delete'],
    run: async ({ store, keys }, signal) => {
      await store.upload(keys.large, largeBody(), { signal });
      await requireLarge(store, keys.large);
    },
  },
  'abort-upload': {
    needs: ['multipart-upload'],
    run: async ({ store, s3, keys }) => {
      if (s3 === undefined) {
        return NOT_OF_A_FOLDER;
      }
      const uploadId = await s3.beginUpload(keys.begun);
      try {
        await store.abortUploads(keys.begun);
        return undefined;
      } catch (error) {
        // Who may not list uploads may still end one.
        await s3.abortUpload(keys.begun, uploadId).catch(() => undefined);
        throw error;
      }
    },
  },
  'copy-part': {
    needs: ['multipart-upload'],
    run: async (context, signal) => {
      await copyLarge(context, signal);
      await requireLarge(context.store, context.keys.copy);
    },
  },
  'conditional-completion': {
    needs: ['copy-part', 'abort-upload'],
    run: async (context, signal) => {
      // The copy is there already.
      await requireRefusal(context.keys.copy, () => copyLarge(context, signal, { isNew: true }));
    },
  },
  'if-none-match': {
    needs: ['put'],
    run: async ({ store, keys }) => {
      await store.put(keys.isNew, TEXT, { isNew: true });
      await requireRefusal(keys.isNew, () => store.put(keys.isNew, TEXT, { isNew: true }));
    },
  },
  'if-match': {
    needs: ['put'],
    run: async ({ store, keys }) => {
      const version = await store.put(keys.version, TEXT);
      await store.put(keys.version, Buffer.from('another'), { version });
      await requireRefusal(keys.version, () => store.put(keys.version, TEXT, { version }));
    },
  },
  'checksums-configured': {
    needs: ['put'],
    run: async ({ store, s3, keys }) => {
      if (s3 === undefined) {
        return NOT_OF_A_FOLDER;
      }
      await store.put(keys.configured, TEXT);
      return undefined;
    },
  },
  'checksums-default': {
    needs: ['put'],
    run: async ({ s3, keys }) => {
      if (s3 === undefined) {
        return NOT_OF_A_FOLDER;
      }
      await s3.putWithChecksum(keys.sdkDefault, TEXT);
      return undefined;
    },
  },
  'object-lock': {
    needs: [],
    run: async ({ s3 }) => {
      if (s3?.isLocking !== true) {
        return { reason: 'the location asks for no lock' };
      }
      await s3.requireObjectLock();
      return undefined;
    },
  },
  clock: { needs: [], run: compareClocks },
};

async function lookAtPlain({ store, keys: { plain } }: CheckContext): Promise<undefined> {
  const entry = await store.head(plain);
  if (entry?.sizeBytes !== TEXT.length) {
    throw mismatch(plain, 'was written, and is not there, or has another size');
  }
}

async function listPlain({ store, keys }: CheckContext): Promise<undefined> {
  const found: string[] = [];
  for await (const page of store.list(keys.folder)) {
    found.push(...page.map(({ key }) => key));
  }
  requireListed(found.includes(keys.plain), keys.plain);
}

async function copyLarge(
  { store, keys }: CheckContext,
  signal: AbortSignal,
  condition?: { isNew: true },
): Promise<void> {
  const pieces = [{ kind: 'object', key: keys.large, sizeBytes: LARGE_BYTES }] as const;
  const conditional = condition === undefined ? {} : { condition };
  await store.compose(keys.copy, pieces, { signal, ...conditional });
}

async function compareClocks({ s3, keys }: CheckContext): Promise<CheckAnswer> {
  if (s3 === undefined) {
    return NOT_OF_A_FOLDER;
  }
  const offsetMs = await s3.clockOffsetMs(keys.folder);
  if (offsetMs === undefined) {
    return { reason: 'the server does not tell its time' };
  }
  const offsetSeconds = Math.round(offsetMs / 1000);
  if (Math.abs(offsetSeconds) > CLOCK_OFFSET_SECONDS_MAX) {
    const side = offsetSeconds > 0 ? 'ahead of' : 'behind';
    const text = `the clock of the server is ${String(Math.abs(offsetSeconds))} s ${side} that of the process`;
    throw new Failure('clock-differs', text);
  }
  return { offsetSeconds };
}

function* largeChunks(): Generator<Buffer> {
  for (let index = 0; index < LARGE_CHUNKS; index++) {
    yield Buffer.alloc(CHUNK_BYTES, index);
  }
}

async function* largeBody(): AsyncGenerator<Uint8Array> {
  yield* await Promise.resolve(largeChunks());
}

/** Looks at both ends of the large object. That it cannot be read is another operation's failure. */
async function requireLarge(store: ObjectStore, key: string): Promise<void> {
  const ends = [0, LARGE_CHUNKS - 1].map(async (chunk) => {
    const range = { offset: chunk * CHUNK_BYTES, length: TEXT.length };
    const bytes = await readAll(store, key, { range }).catch(() => undefined);
    if (bytes !== undefined) {
      requireSame(key, Buffer.alloc(TEXT.length, chunk), bytes);
    }
  });
  await Promise.all(ends);
}

/** Does what must be refused, because its condition does not hold. */
async function requireRefusal(key: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof Failure && error.code === 'precondition-failed') {
      return;
    }
    throw error;
  }
  const text = `${key} was written although the condition of the request did not hold`;
  throw new Failure('condition-ignored', text, { subject: key });
}

function requireSame(key: string, expected: Buffer, found: Buffer): void {
  if (!expected.equals(found)) {
    throw mismatch(key, 'is not read as it was written');
  }
}

function requireListed(isListed: boolean, key: string): void {
  if (!isListed) {
    throw mismatch(key, 'was written, and is not listed');
  }
}

function mismatch(key: string, what: string): Failure {
  return new Failure('archive-mismatch', `${key} ${what}`, { subject: key });
}
