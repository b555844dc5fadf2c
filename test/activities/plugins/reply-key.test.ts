import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { ensureReplyKey, readReplyKey } from '../../../activities/plugins/reply-key.ts';
import { keysUnder } from '../../support/archive-items.ts';
import { isWorkKey } from '../../support/work-keys.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { seal } from '../../../storage/seal.ts';

let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-reply-key-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

test('what is sealed for a run is opened by each of its attempts, and by no other run', async () => {
  await ensureReplyKey(store, 'backups/b/', 'run-1');
  const first = await readReplyKey(store, 'backups/b/', 'run-1');
  const sealed = seal(Buffer.from('[1]'), first.publicKey);
  await ensureReplyKey(store, 'backups/b/', 'run-1');
  const again = await readReplyKey(store, 'backups/b/', 'run-1');
  expect(again.publicKey).toBe(first.publicKey);
  expect(again.open(sealed).toString()).toBe('[1]');
  await ensureReplyKey(store, 'backups/b/', 'run-2');
  const other = await readReplyKey(store, 'backups/b/', 'run-2');
  expect(() => other.open(sealed)).toThrow();
});

test('the key goes with the files of the run', async () => {
  await ensureReplyKey(store, 'backups/b/', 'run-1');
  const keys = await keysUnder(store, '');
  expect(keys).toHaveLength(1);
  expect(keys.every(isWorkKey)).toBe(true);
  await expect(readReplyKey(store, 'backups/b/', 'run-2')).rejects.toThrow();
});
