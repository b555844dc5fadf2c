import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createFolderStore } from '../../../storage/object-store/folder.ts';
import { objectStoreSuite } from '../../conformance/object-store.ts';

const UPLOADER = join(import.meta.dirname, '../../support/endless-upload-main.ts');

async function open() {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-store-'));
  const store = createFolderStore({ name: 'default', provider: 'folder', path });
  return {
    path,
    store,
    leaveUpload: (key: string) => killUploader(path, key),
    unfinished: () => unfinishedIn(path),
  };
}

async function killUploader(path: string, key: string): Promise<void> {
  const uploader = spawn(process.execPath, [UPLOADER, path, key], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(uploader.stdout, 'data');
  const exit = once(uploader, 'exit');
  uploader.kill('SIGKILL');
  await exit;
}

/** Keys of the unfinished files: their names without the random end. */
async function unfinishedIn(path: string): Promise<string[]> {
  const names = await readdir(join(path, 'metadata/holdfast/unfinished'));
  return names.map((name) => decodeURIComponent(name.slice(0, name.lastIndexOf('.')))).sort();
}

objectStoreSuite('a folder', open);

test('a key cannot leave the folder, nor name an unfinished file', async () => {
  const { store } = await open();
  for (const key of ['../elsewhere', 'metadata/holdfast/unfinished/x']) {
    await expect(store.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'internal' });
  }
});

test('a killed write leaves nothing but what Velero knows at the top of the folder, and no key', async () => {
  const { path, store, leaveUpload, unfinished } = await open();
  await leaveUpload('backups/b/b.tar.gz');
  expect(await unfinished()).toEqual(['backups/b/b.tar.gz']);
  expect(await readdir(path)).toEqual(['metadata']);
  for (const prefix of ['', 'metadata/', 'metadata/holdfast/']) {
    for await (const page of store.list(prefix)) {
      expect(page).toEqual([]);
    }
  }
  for await (const page of store.listFolders('metadata/holdfast/')) {
    expect(page).toEqual([]);
  }
});

test('a key as long as names allow can be written, and its unfinished upload ended', async () => {
  const { store, leaveUpload, unfinished } = await open();
  const key = ['restores', 'r'.repeat(253), 'work', '0001.tar.gz'].join('/');
  await store.put(key, Buffer.from('x'));
  await leaveUpload(key);
  await store.abortUploads(`restores/${'r'.repeat(100)}`);
  expect(await unfinished()).toEqual([]);
});

test('ending uploads needs no folder to be there', async () => {
  const { store } = await open();
  await expect(store.abortUploads('backups/b/')).resolves.toBeUndefined();
});
