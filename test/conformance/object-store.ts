import { beforeAll, afterAll, describe, expect, test } from 'vitest';

import type { ObjectStore } from '../../storage/object-store/port.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { keysUnder } from '../support/archive-items.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

async function* chunks(total: number): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < total; sent += MIB) {
    yield await Promise.resolve(Buffer.alloc(Math.min(MIB, total - sent), sent / MIB));
  }
}

/** A store, and what its port does not show. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** Begins an upload as another process would, stores some bytes of it, and leaves it at that. */
  readonly leaveUpload: (key: string) => Promise<void>;
  /** Keys of the uploads that are not finished. */
  readonly unfinished: () => Promise<string[]>;
}

/** What every store must do, whatever it is made of. */
export function objectStoreSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the store in ${name}`, () => {
    let store: ObjectStore;
    let opened: StoreUnderTest;

    beforeAll(async () => {
      opened = await open();
      ({ store } = opened);
    });

    afterAll(async () => {
      await store.remove(await keysUnder(store, ''));
      store.close();
    });

    test('gives back what was put, whole and in part', async () => {
      const version = await store.put('a/whole', Buffer.from('0123456789'));
      expect((await readAll(store, 'a/whole')).toString()).toBe('0123456789');
      const range = { offset: 3, length: 4 };
      expect((await readAll(store, 'a/whole', { range })).toString()).toBe('3456');
      expect(await store.head('a/whole')).toMatchObject({ sizeBytes: 10, version });
    });

    test('says what is not there', async () => {
      await expect(readAll(store, 'a/nothing')).rejects.toMatchObject({
        code: 'object-missing',
        subject: 'a/nothing',
      });
      expect(await store.head('a/nothing')).toBeUndefined();
    });

    test('writes a new object only once', async () => {
      await store.put('c/new', Buffer.from('first'), { isNew: true });
      await expect(
        store.put('c/new', Buffer.from('second'), { isNew: true }),
      ).rejects.toMatchObject({
        code: 'precondition-failed',
      });
      expect((await readAll(store, 'c/new')).toString()).toBe('first');
    });

    test('replaces an object only while it is the expected version', async () => {
      const first = await store.put('c/versions', Buffer.from('first'));
      const second = await store.put('c/versions', Buffer.from('second'), { version: first });
      expect(second).not.toBe(first);
      await expect(
        store.put('c/versions', Buffer.from('third'), { version: first }),
      ).rejects.toMatchObject({ code: 'precondition-failed' });
      expect((await readAll(store, 'c/versions')).toString()).toBe('second');
    });

    test.each([0, 10, 20 * MIB])('stores a stream of %d bytes', async (size) => {
      await store.upload('u/stream', chunks(size));
      const bytes = await readAll(store, 'u/stream');
      expect(bytes.length).toBe(size);
      expect(bytes.at(-1)).toBe(size === 0 ? undefined : Math.ceil(size / MIB) - 1);
    });

    test('leaves nothing under the key of a stream that failed', async () => {
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield* chunks(20 * MIB);
        throw new Error('the source ended early');
      }
      await expect(store.upload('u/failed', failing())).rejects.toThrow();
      expect(await store.head('u/failed')).toBeUndefined();
    });

    test('keeps a stream from replacing an object that is there', async () => {
      await store.put('u/taken', Buffer.from('mine'));
      const options = { condition: { isNew: true } } as const;
      await expect(store.upload('u/taken', chunks(20 * MIB), options)).rejects.toMatchObject({
        code: 'precondition-failed',
      });
      expect((await readAll(store, 'u/taken')).toString()).toBe('mine');
    });

    test('joins small and large pieces in their order, whatever signs their keys have', async () => {
      const sizes = [1, 3, 6, 12, 2, 11];
      const expected: Buffer[] = [Buffer.from('head')];
      for (const [index, size] of sizes.entries()) {
        const bytes = Buffer.alloc(size * MIB, index + 1);
        await store.put(`j/1+1 = ü?#%20/part-${String(index)}`, bytes);
        expected.push(bytes);
      }
      const pieces = sizes.map((size, index) => ({
        kind: 'object' as const,
        key: `j/1+1 = ü?#%20/part-${String(index)}`,
        sizeBytes: size * MIB,
      }));
      await store.compose('j/all', [
        { kind: 'bytes', bytes: Buffer.from('head') },
        ...pieces,
        { kind: 'bytes', bytes: Buffer.from('tail') },
      ]);
      const joined = await readAll(store, 'j/all');
      expect(joined.equals(Buffer.concat([...expected, Buffer.from('tail')]))).toBe(true);
    });

    test('ends the unfinished uploads under a prefix and no others', async () => {
      const { leaveUpload, unfinished } = opened;
      await store.put('o/run/stored', Buffer.from('stays'));
      for (const key of ['o/run/b c+d', 'o/run/a/deep', 'o/running', 'p/run/a']) {
        await leaveUpload(key);
      }
      expect(await keysUnder(store, 'o/')).toEqual(['o/run/stored']);

      const left = await store.listUploads('o/run/');
      expect(left.map(({ key }) => key).sort()).toEqual(['o/run/a/deep', 'o/run/b c+d']);
      expect(left.every(({ since }) => Date.now() - Date.parse(since) < HOUR_MS)).toBe(true);
      await store.endUploads(left.filter(({ key }) => key === 'o/run/a/deep'));
      expect(await unfinished()).toEqual(['o/run/b c+d', 'o/running', 'p/run/a']);
      await store.endUploads(left.filter(({ key }) => key === 'o/run/a/deep'));

      await store.abortUploads('o/run/');
      expect(await unfinished()).toEqual(['o/running', 'p/run/a']);

      await store.abortUploads('o/run/');
      await store.abortUploads('');
      expect(await unfinished()).toEqual([]);
      expect(await keysUnder(store, 'o/')).toEqual(['o/run/stored']);
    });

    test('lists keys and folders in order, and removes what it is told', async () => {
      for (const key of ['l/b/1', 'l/a/2', 'l/a/1', 'l/c']) {
        await store.put(key, Buffer.from(key));
      }
      expect(await keysUnder(store, 'l/')).toEqual(['l/a/1', 'l/a/2', 'l/b/1', 'l/c']);
      const folders: string[] = [];
      for await (const page of store.listFolders('l/')) {
        folders.push(...page);
      }
      expect(folders).toEqual(['a/', 'b/']);
      const later: string[] = [];
      for await (const page of store.list('l/', 'l/a/1')) {
        later.push(...page.map(({ key }) => key));
      }
      expect(later).toEqual(['l/a/2', 'l/b/1', 'l/c']);
      const laterFolders: string[] = [];
      for await (const page of store.listFolders('l/', 'l/a')) {
        laterFolders.push(...page);
      }
      expect(laterFolders.filter((folder) => folder !== 'a/')).toEqual(['b/']);
      await store.remove(['l/a/1', 'l/a/2', 'l/nothing']);
      expect(await keysUnder(store, 'l/')).toEqual(['l/b/1', 'l/c']);
    });
  });
}
