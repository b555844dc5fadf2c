import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createFolderStore } from '../../../storage/object-store/folder.ts';
import { objectStoreSuite } from '../../conformance/object-store.ts';

async function open() {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-store-'));
  return createFolderStore({ name: 'default', provider: 'folder', path });
}

objectStoreSuite('a folder', open);

test('a key cannot leave the folder', async () => {
  const store = await open();
  await expect(store.put('../elsewhere', Buffer.from('x'))).rejects.toThrow();
});
