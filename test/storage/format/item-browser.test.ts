import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';

import { itemText } from '../../../domain/item.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import type { BackupIndex } from '../../../storage/format/held-index.ts';
import { type BrowserLimits, ItemBrowser } from '../../../storage/format/item-browser.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { countReads } from '../../support/counting-store.ts';
import { storeBackup, typeOf } from '../../support/stored-backup.ts';

// Goal: what is browsed is what the index says, whether it is held or read anew, and what is held is never old.

const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const NODE = typeOf('Node', 'nodes', false);
let store: ObjectStore;

beforeEach(async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-browser-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path });
});

function configMap(namespace: string, name: string, text = ''): ArchiveItem {
  return { type: CONFIG_MAP, object: { metadata: { name, namespace }, data: { text } } };
}

async function open(
  browser: ItemBrowser,
  name: string,
  from: ObjectStore = store,
): Promise<BackupIndex> {
  const { index: key } = backupKeys(name);
  const version = (await store.head(key))?.version ?? '';
  return browser.open(from, { location: 'default', index: { key, version } });
}

async function itemsOf(index: BackupIndex, from = 0, namespace?: string): Promise<string[]> {
  const items: string[] = [];
  const accepts = (run: { namespace: string }) =>
    namespace === undefined || run.namespace === namespace;
  for await (const run of index.runs(accepts, from)) {
    const some = run.items();
    expect(some).toHaveLength(run.count);
    items.push(...some.slice(Math.max(0, from - run.first)).map(itemText));
  }
  return items;
}

const HELD: BrowserLimits = {};
const STREAMED: BrowserLimits = { indexBytesMax: 0 };

test.each([
  { what: 'is held', limits: HELD },
  { what: 'is too large to be held', limits: STREAMED },
])('an index that $what gives every item from any place on, in order', async ({ limits }) => {
  const namespaces = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(namespaces, fc.nat(30), async (each, from) => {
      const items = [
        ...each.map((namespace, index) => configMap(namespace, `c-${String(index)}`)),
        { type: NODE, object: { metadata: { name: 'n' } } },
      ];
      await storeBackup(store, 'b', items);
      const expected = items.map(({ type, object: { metadata } }) =>
        itemText({ ...type, name: metadata.name, namespace: metadata.namespace ?? '' }),
      );
      const index = await open(new ItemBrowser(limits), 'b');
      expect(await itemsOf(index, from)).toEqual(expected.slice(from));
      expect(await itemsOf(index, from, 'a')).toEqual(
        expected.slice(from).filter((text) => text.startsWith('configmaps/a/')),
      );
    }),
    { numRuns: 30 },
  );
});

test('a held index counts what is left, and one that is read anew does not', async () => {
  await storeBackup(store, 'b', [
    configMap('a', 'one'),
    configMap('b', 'two'),
    configMap('a', 'x'),
  ]);
  const held = await open(new ItemBrowser(), 'b');
  expect(held.count(() => true, 0)).toBe(3);
  expect(held.count(({ namespace }) => namespace === 'a', 1)).toBe(1);
  const streamed = await open(new ItemBrowser(STREAMED), 'b');
  expect(streamed.count(() => true, 0)).toBeUndefined();
});

test('an index is read once, by however many requests, and again when it is another one', async () => {
  await storeBackup(store, 'b', [configMap('a', 'one')]);
  const counted = countReads(store);
  const browser = new ItemBrowser();
  await Promise.all([open(browser, 'b', counted.store), open(browser, 'b', counted.store)]);
  await itemsOf(await open(browser, 'b', counted.store));
  expect(counted.reads).toEqual([backupKeys('b').index]);

  await storeBackup(store, 'b', [configMap('a', 'one'), configMap('a', 'two')]);
  expect(await itemsOf(await open(browser, 'b', counted.store))).toHaveLength(2);
  expect(counted.reads).toHaveLength(2);
});

test('what was used longest ago is forgotten when the indexes take more than they may', async () => {
  for (const name of ['b1', 'b2', 'b3']) {
    await storeBackup(store, name, [configMap('a', 'one')]);
  }
  const counted = countReads(store);
  // Room for two of them.
  const browser = new ItemBrowser({ heldBytesMax: 1200 });
  for (const name of ['b1', 'b2', 'b1', 'b3', 'b1', 'b2']) {
    await open(browser, name, counted.store);
  }
  expect(counted.reads).toEqual(['b1', 'b2', 'b3', 'b2'].map((name) => backupKeys(name).index));
});

test('a damaged index is told as such each time it is opened', async () => {
  await storeBackup(store, 'b', [configMap('a', 'one')]);
  await store.put(backupKeys('b').index, Buffer.from('not gzip'));
  const browser = new ItemBrowser();
  for (let round = 0; round < 2; round++) {
    await expect(open(browser, 'b')).rejects.toMatchObject({ code: 'archive-mismatch' });
  }
});

test('an index that is replaced while it is read is not taken for the one that was opened', async () => {
  await storeBackup(store, 'b', [configMap('a', 'one')]);
  const index = { key: backupKeys('b').index, version: 'another' };
  const opening = new ItemBrowser().open(store, { location: 'default', index });
  await expect(opening).rejects.toMatchObject({ code: 'precondition-failed' });
});
