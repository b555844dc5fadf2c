import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { IndexLine } from '../../../domain/backup-index.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import { writeSmallArchive } from '../../../storage/format/archive.ts';
import { readIndex } from '../../../storage/format/index-file.ts';
import { readBodyText } from '../../../storage/format/read-bodies.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: one object is read as it was written, to the digit, or not at all.

const keys = backupKeys('b');
const { signal } = new AbortController();
const NUMBERS =
  '{"apiVersion":"v1","kind":"Big","metadata":{"name":"n"},"spec":9007199254740993.10}';

async function stored() {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-bodies-'));
  const store = createFolderStore({ name: 'default', provider: 'folder', path });
  async function* pages() {
    const object = { apiVersion: 'v1', kind: 'Big', metadata: { name: 'n' } };
    yield await Promise.resolve([
      { type: typeOf('Big', 'bigs.example.com', false), object, json: NUMBERS },
    ]);
  }
  const source = { name: 'b', runUid: 'run', pages: pages(), onProgress: () => undefined, signal };
  await writeSmallArchive(store, source);
  const lines: IndexLine[] = [];
  for await (const batch of readIndex(store, keys.index)) {
    lines.push(...batch);
  }
  const [line] = lines;
  if (line === undefined) {
    throw new Error('the index is empty');
  }
  return { store, line, archive: join(path, keys.archive) };
}

test('numbers that JavaScript does not hold are what they were', async () => {
  const { store, line } = await stored();
  expect(await readBodyText(store, { archiveKey: keys.archive, line, signal })).toBe(NUMBERS);
});

test('an object that is not what the index says is not given', async () => {
  const { store, line, archive } = await stored();
  const other = { ...line, sha256: line.sha256.replace(/^./, (one) => (one === '0' ? '1' : '0')) };
  await expect(
    readBodyText(store, { archiveKey: keys.archive, line: other, signal }),
  ).rejects.toMatchObject({ code: 'archive-mismatch', subject: keys.archive });

  const bytes = await readFile(archive);
  await writeFile(archive, bytes.subarray(0, line.member.offset + 10));
  await expect(
    readBodyText(store, { archiveKey: keys.archive, line, signal }),
  ).rejects.toMatchObject({ code: 'archive-mismatch', subject: keys.archive });
});
