import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';

import { backupKeys } from '../../../domain/object-key.ts';
import { openMaskedArchive } from '../../../storage/format/masked-archive.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { storeBackup, typeOf } from '../../support/stored-backup.ts';

// Goal: the masked archive is the archive but for the values of Secrets, and never shows what it does not know.
// Method: tar itself lists and reads both.

const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const SECRET = typeOf('Secret', 'secrets');
const SECRET_OF_OTHERS = typeOf('Secret', 'secrets.example.com');
const keys = backupKeys('b');
const { signal } = new AbortController();
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-masked-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
});

function item(type: ArchiveItem['type'], name: string, value: unknown): ArchiveItem {
  return { type, object: { metadata: { name, namespace: 'shop' }, data: { value } } };
}

async function masked(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await openMaskedArchive(store, { name: 'b', signal })) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Names and bodies of the entries, as tar reads them. */
async function entriesOf(archive: Buffer): Promise<{ names: string[]; text: string }> {
  const file = join(folder, 'listed.tar.gz');
  await writeFile(file, archive);
  const options = { maxBuffer: 2 ** 28 };
  const names = execFileSync('tar', ['tzf', file], options).toString().trim().split('\n');
  return { names, text: execFileSync('tar', ['xzOf', file], options).toString() };
}

test('any archive is the same but for the values of its Secrets', async () => {
  const value = fc.stringMatching(/^value-[a-z]{0,2000}$/);
  const type = fc.constantFrom(CONFIG_MAP, SECRET, SECRET_OF_OTHERS);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(type, value), { maxLength: 8 }), async (each) => {
      await storeBackup(
        store,
        'b',
        each.map(([one, text], index) => item(one, `i-${String(index)}`, text)),
      );
      const original = await entriesOf(await readFile(join(folder, keys.archive)));
      const shown = await entriesOf(await masked());
      expect(shown.names).toEqual(original.names);
      expect(shown.text).toBe(
        original.text.replaceAll(
          /("name":"i-\d+","namespace":"shop"},"data":{"value":")value-[a-z]*("},"apiVersion":"v1","kind":"Secret")/g,
          '$1***$2',
        ),
      );
    }),
    { numRuns: 20 },
  );
});

test('members without Secrets are the bytes that are stored', async () => {
  const filler = 'x'.repeat(400_000);
  const items = [
    ...['a', 'b', 'c', 'd'].map((name) => item(CONFIG_MAP, name, filler)),
    item(SECRET, 's', 'secret'),
  ];
  await storeBackup(store, 'b', items);
  const original = await readFile(join(folder, keys.archive));
  const shown = await masked();
  let same = 0;
  while (shown[same] === original[same]) {
    same += 1;
  }
  // The first two thirds hold no Secret.
  expect(same).toBeGreaterThan(original.length / 3);
  expect(shown.equals(original)).toBe(false);
  expect((await entriesOf(shown)).text).toContain(filler);
});

test('an object in another version than the preferred one has one entry, there as well', async () => {
  const old = { ...item(SECRET, 's', 'secret'), isOtherVersion: true } as const;
  await storeBackup(store, 'b', [item(SECRET, 's', 'secret'), old]);
  const { names, text } = await entriesOf(await masked());
  expect(names).toEqual([
    'metadata/version',
    'resources/secrets/namespaces/shop/s.json',
    'resources/secrets/v1-preferredversion/namespaces/shop/s.json',
    'resources/secrets/v1/namespaces/shop/s.json',
  ]);
  expect(text).not.toContain('"secret"');
});

test('members that the index does not tell of are not passed on', async () => {
  const filler = 'x'.repeat(2_000_000);
  await storeBackup(store, 'b', [item(CONFIG_MAP, 'a', filler)]);
  const index = await readFile(join(folder, keys.index));
  await storeBackup(store, 'b', [item(CONFIG_MAP, 'a', filler), item(SECRET, 's', 'secret')]);
  await writeFile(join(folder, keys.index), index);
  await expect(masked()).rejects.toMatchObject({ code: 'archive-mismatch', subject: keys.archive });
});

test('a changed byte ends the stream before it is passed on', async () => {
  await storeBackup(store, 'b', [item(CONFIG_MAP, 'a', 'x')]);
  const bytes = await readFile(join(folder, keys.archive));
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(join(folder, keys.archive), bytes);
  await expect(masked()).rejects.toMatchObject({ code: 'archive-mismatch', subject: keys.archive });
});

test('an archive that is not there is told before anything is sent', async () => {
  await expect(openMaskedArchive(store, { name: 'none', signal })).rejects.toMatchObject({
    code: 'object-missing',
    subject: backupKeys('none').archive,
  });
});
