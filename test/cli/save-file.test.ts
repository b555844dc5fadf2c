import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import { requireFree, saveFile } from '../../cli/save-file.ts';

// Goal: a file is whole or not there, and nothing is replaced unless that is wanted.

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-save-'));
  path = join(folder, 'saved');
});

async function* chunks(...texts: (string | Error)[]): AsyncGenerator<Buffer> {
  for (const text of texts) {
    if (text instanceof Error) {
      throw text;
    }
    yield await Promise.resolve(Buffer.from(text));
  }
}

test('a stream becomes a file, with nothing beside it', async () => {
  expect(await saveFile(path, chunks('ab', 'cde'), { isForced: false })).toBe(5);
  expect(await readFile(path, 'utf8')).toBe('abcde');
  expect(await readdir(folder)).toEqual(['saved']);
});

test('a stream that breaks off leaves nothing, and keeps what was there', async () => {
  const broken = () => chunks('ab', new Error('cut'));
  await expect(saveFile(path, broken(), { isForced: false })).rejects.toThrow('cut');
  expect(await readdir(folder)).toEqual([]);
  await writeFile(path, 'old');
  await expect(saveFile(path, broken(), { isForced: true })).rejects.toThrow('cut');
  expect(await readFile(path, 'utf8')).toBe('old');
});

test('a file that is there is replaced when that is wanted, and never otherwise', async () => {
  await requireFree(path);
  await writeFile(path, 'old');
  await expect(requireFree(path)).rejects.toThrow('--force');
  // It may have come after the first look.
  await expect(saveFile(path, chunks('new'), { isForced: false })).rejects.toThrow('--force');
  expect(await readFile(path, 'utf8')).toBe('old');
  await saveFile(path, chunks('new'), { isForced: true });
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await readdir(folder)).toEqual(['saved']);
});
